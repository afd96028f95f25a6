{{ config(
    materialized='view',
    post_hook="create or replace macro {{ this.schema }}.attributes_as_of(known_at, valid_at := null) as table
        select * from (
            select
                profile_id, attribute, attribute_value, is_cleared, source_system, source_record_id,
                valid_from, known_from
            from {{ ref('attribute_changes') }}
            where known_from <= cast(known_at as timestamp)
                and valid_from <= cast(coalesce(valid_at, known_at) as timestamp)
            qualify row_number() over (
                partition by profile_id, attribute order by known_from desc
            ) = 1
        ) as said
        where attribute_value is not null or is_cleared"
) }}

with

attribute_changes as (
    select * from {{ ref('attribute_changes') }}
)

-- What is known later overrides what was known before, from the day on that it is valid from.
select
    profile_id,
    attribute,
    attribute_value,
    lag(attribute_value) over by_time as previous_value,
    is_cleared,
    source_system,
    source_record_id,
    policy,
    rule,
    change_reason,
    valid_from,
    case
        when lead(known_from) over by_time is not null
            then
                greatest(
                    valid_from,
                    min(valid_from) over (
                        partition by profile_id, attribute
                        order by known_from
                        rows between 1 following and unbounded following
                    )
                )
    end as valid_to,
    known_from,
    lead(known_from) over by_time as known_to
from attribute_changes
window by_time as (partition by profile_id, attribute order by known_from)
