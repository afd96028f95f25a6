with

rules as (
    select
        max(case when rule = 'largest_household' then cast(value as int) end) as largest_household,
        max(case when rule = 'most_people_at_address' then cast(value as int) end)
            as most_people_at_address,
        max(case when rule = 'most_names_at_address' then cast(value as int) end)
            as most_names_at_address,
        max(case when rule = 'same_family_name' then value end) = 'true' as is_same_family_name
    from {{ ref('household_rules') }}
),

placeholders as (
    select value from {{ ref('blocked_identity_values') }}
    where namespace = 'any' and match_kind = 'equals'
    group by value
),

-- A person lives where the newest record with a name and a whole address says.
addresses as (
    select
        identity_map.profile_id,
        {{ normalise_family_name('records.family_name') }} as family_name,
        trim(records.street) as text,
        lower({{ without_symbols('records.postal_code') }}) as postal_code
    from {{ ref('customer_records') }} as records
    inner join {{ ref('identity_map') }} as identity_map
        on identity_map.record_key = records.record_key
    left join placeholders as unnamed
        on unnamed.value = lower(trim(records.family_name))
    left join placeholders as unknown
        on unknown.value = lower(trim(records.street))
    where
        unnamed.value is null
        and unknown.value is null
        and {{ normalise_family_name('records.family_name') }} <> ''
        and {{ without_symbols('records.street') }} <> ''
        and {{ without_symbols('records.postal_code') }} <> ''
    qualify
        row_number() over (
            partition by identity_map.profile_id
            order by
                coalesce(records.updated_at, records.created_at) desc nulls last,
                records.record_key asc
        ) = 1
),

streets as (
    select text from addresses
    group by text
),

plain_streets as (
    select * from {{ normalise_addresses('streets') }} as written
),

people as (
    select
        addresses.profile_id,
        addresses.family_name,
        addresses.postal_code || ' ' || plain_streets.plain_text as address
    from addresses
    inner join plain_streets
        on plain_streets.text = addresses.text
),

-- A home for the aged, a barracks, a company's address: many people, and no household.
homes as (
    select people.address
    from people
    cross join rules
    group by people.address, rules.most_people_at_address, rules.most_names_at_address
    having
        count(*) between 2 and rules.most_people_at_address
        and count(distinct people.family_name) <= rules.most_names_at_address
),

grouped as (
    select
        people.profile_id,
        people.address,
        case when rules.is_same_family_name then people.family_name else '' end as shared_name,
        rules.largest_household
    from people
    inner join homes
        on homes.address = people.address
    cross join rules
),

households as (
    select
        address,
        shared_name,
        'h' || substr(min(md5(profile_id)), 1, 16) as household_id
    from grouped
    group by address, shared_name
    having count(*) between 2 and max(largest_household)
)

select
    grouped.profile_id,
    households.household_id
from grouped
inner join households
    on
        households.address = grouped.address
        and households.shared_name = grouped.shared_name
