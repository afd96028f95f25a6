-- The promise of is_unique and max_values_per_profile: no profile holds more, whatever was linked.
select
    profile_identities.profile_id,
    profile_identities.namespace,
    count(*) as value_count
from {{ ref('profile_identities') }} as profile_identities
inner join {{ ref('identity_namespaces') }} as identity_namespaces
    on identity_namespaces.namespace = profile_identities.namespace
where identity_namespaces.is_unique or identity_namespaces.max_values_per_profile is not null
group by profile_identities.profile_id, profile_identities.namespace
having
    count(*) > max(
        case
            when identity_namespaces.is_unique then 1 else identity_namespaces.max_values_per_profile
        end
    )
