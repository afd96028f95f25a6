{#- Memory, see macros/remembered_days.sql; only the last day can be replayed. -#}
{{ config(
    materialized='incremental', incremental_strategy='append', full_refresh=false,
    pre_hook="{{ forget_this_day('as_of_on', 'membership_period', 'is_recorded') }}"
) }}

with

membership_period as (
    select as_of_on
    from {{ ref('membership_period') }}
    where is_recorded
),

sizes as (
    select
        segment_name,
        count(*) as member_count
    from {{ ref('segment_membership') }}
    group by segment_name
),

changes as (
    select
        membership_changes.segment_name,
        count(*) filter (where membership_changes.change = 'entered') as entered_count,
        count(*) filter (where membership_changes.change = 'left') as left_count
    from {{ ref('membership_changes') }} as membership_changes
    inner join membership_period
        on membership_changes.changed_on = membership_period.as_of_on
    group by membership_changes.segment_name
)

select
    membership_period.as_of_on,
    definitions.segment_name,
    definitions.state,
    definitions.rule_checksum,
    coalesce(sizes.member_count, 0) as member_count,
    coalesce(changes.entered_count, 0) as entered_count,
    coalesce(changes.left_count, 0) as left_count,
    {{ run_instant() }} as computed_at
from {{ ref('definitions') }} as definitions
cross join membership_period
left join sizes
    on definitions.segment_name = sizes.segment_name
left join changes
    on definitions.segment_name = changes.segment_name
