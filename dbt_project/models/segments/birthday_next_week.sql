with

derived_attributes as (
    select
        profile_id,
        days_to_birthday
    from {{ ref('derived_attributes') }}
)

-- No reason: the days would tell the birthday.
select profile_id
from derived_attributes
where days_to_birthday between 1 and 7
