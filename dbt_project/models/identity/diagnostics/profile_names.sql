with

identity_map as (
    select
        record_key,
        profile_id
    from {{ ref('identity_map') }}
),

observed as (
    select
        record_key,
        birth_date,
        name_start
    from {{ ref('normalised_values') }}
    where birth_date is not null or name_start is not null
)

select
    identity_map.profile_id,
    count(distinct observed.birth_date) as birth_date_count,
    count(distinct observed.name_start) as name_count
from observed
inner join identity_map
    on identity_map.record_key = observed.record_key
group by identity_map.profile_id
having count(distinct observed.name_start) > 1
