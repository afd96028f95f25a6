-- Where a value may not be shared (logins, cards, cookies), it stands under one person; activities
-- find their person by the login and would double otherwise.
select
    profile_identities.namespace,
    profile_identities.identity_value,
    count(*) as profile_count
from {{ ref('profile_identities') }} as profile_identities
inner join {{ ref('identity_namespaces') }} as identity_namespaces
    on identity_namespaces.namespace = profile_identities.namespace
where not identity_namespaces.splits_by_person
group by profile_identities.namespace, profile_identities.identity_value
having count(*) > 1
