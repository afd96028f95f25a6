{{ config(materialized='incremental', unique_key=['profile_id']) }}

with

{% call reached() %}
    with

    reached_addresses as (
        select address from {{ changed('household_addresses') }}
    )

    select address, profile_id from {{ changed('household_addresses') }}
    union all
    select address, profile_id
    from {{ ref('household_addresses') }}
    semi join reached_addresses using (address)
{% endcall %}

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

people as (
    select * from {{ part(ref('household_addresses'), ['address']) }}
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
-- A look-up of a person then reads the row groups only that the id can be in.
order by grouped.profile_id
