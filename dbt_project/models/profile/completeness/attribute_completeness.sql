{#- Memory, see macros/remembered_days.sql. -#}
{{ config(
    materialized='incremental', incremental_strategy='append', full_refresh=false,
    pre_hook="{{ forget_this_day('as_of_on') }}"
) }}

with

-- What profiles show has passed every check that the layers before know.
shown as (
    select
        profile_id,
        attribute,
        attribute_value
    from {{ ref('provenance') }}
    where place = 1 and not is_cleared
),

valid as (
    select
        attribute,
        count(*) as valid_count,
        count(distinct attribute_value) as distinct_count
    from shown
    group by attribute
),

refused as (
    select
        profile_id,
        refused_attributes
    from {{ ref('ranked_records') }}
    where refused_attributes is not null
),

-- Filled with nothing but what the checks have refused.
invalid as (
    select
        refusals.word as attribute,
        count(distinct refusals.profile_id) as invalid_count
    from {{ words_with_positions('refused', 'profile_id', 'refused_attributes') }} as refusals
    left join shown
        on
            shown.profile_id = refusals.profile_id
            and shown.attribute = refusals.word
    where shown.profile_id is null
    group by refusals.word
),

people as (
    select count(*) as profile_count
    from {{ ref('policy_profiles') }}
    where is_default
)

select
    refresh_period.as_of_on,
    tracked_attributes.attribute,
    people.profile_count,
    coalesce(valid.valid_count, 0) + coalesce(invalid.invalid_count, 0) as filled_count,
    coalesce(valid.distinct_count, 0) as distinct_count,
    coalesce(valid.valid_count, 0) as valid_count
from {{ ref('tracked_attributes') }} as tracked_attributes
cross join people
cross join {{ ref('refresh_period') }} as refresh_period
left join valid
    on valid.attribute = tracked_attributes.attribute
left join invalid
    on invalid.attribute = tracked_attributes.attribute
