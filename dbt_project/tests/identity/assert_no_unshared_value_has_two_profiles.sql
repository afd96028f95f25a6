-- Where a value may not be shared (logins, cards, cookies), it stands under one person, or one of each
-- business unit; activities find their person by the login and would double otherwise.
with

units_of_people as (
    select
        identity_map.profile_id,
        min(record_units.business_unit_id) as business_unit_id
    from {{ ref('identity_map') }} as identity_map
    inner join {{ ref('record_units') }} as record_units
        on record_units.record_key = identity_map.record_key
    group by identity_map.profile_id
),

unshared as (
    select profile_identities.*
    from {{ ref('profile_identities') }} as profile_identities
    inner join {{ ref('identity_namespaces') }} as identity_namespaces
        on identity_namespaces.namespace = profile_identities.namespace
    where not identity_namespaces.splits_by_person
)

select
    unshared.namespace,
    unshared.identity_value,
    units_of_people.business_unit_id,
    count(*) as profile_count
from unshared
left join {{ ref('values_of_several_units') }} as several_units
    on
        several_units.namespace = unshared.namespace
        and several_units.normalised_value = unshared.identity_value
left join units_of_people
    on
        units_of_people.profile_id = unshared.profile_id
        and several_units.namespace is not null
group by unshared.namespace, unshared.identity_value, units_of_people.business_unit_id
having count(*) > 1
