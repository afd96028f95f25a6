{#- A view: nearly every row changes with any news, and the rows of those without activity say least. -#}
{{ config(materialized='view') }}

with

ranking_windows as (
    select * from {{ ref('ranking_windows') }}
),

ranking_places as (
    select * from {{ ref('ranking_places') }}
),

look_backs as (
    select
        look_back,
        months
    from {{ ref('look_backs') }}
),

refresh_period as (
    select
        as_of_on,
        month_start_on
    from {{ ref('refresh_period') }}
),

{{ look_back_windows(none, var('rankings_hold_running_month')) }},

-- Nobody without activity takes a place.
without_activity as (
    select
        ranking_window,
        category,
        profile_id
    from {{ ref('ranking_values') }}
    where metric_value is null
),

member_counts as (
    select
        ranking_window,
        category,
        max(member_count) as member_count
    from ranking_places
    group by ranking_window, category
),

members as (
    select
        ranking_window,
        category,
        profile_id,
        metric_value,
        bucket,
        percentile,
        member_count,
        true as has_activity,
        is_held
    from ranking_places
    union all
    select
        without_activity.ranking_window,
        without_activity.category,
        without_activity.profile_id,
        cast(0 as decimal(18, 2)) as metric_value,
        cast(null as int) as bucket,
        cast(null as double) as percentile,
        coalesce(member_counts.member_count, cast(0 as bigint)) as member_count,
        false as has_activity,
        false as is_held
    from without_activity
    left join member_counts
        on
            without_activity.ranking_window = member_counts.ranking_window
            and without_activity.category is not distinct from member_counts.category
)

select
    ranking_windows.ranking,
    members.profile_id,
    ranking_windows.metric,
    ranking_windows.category_type,
    members.category,
    ranking_windows.look_back,
    windows.window_from,
    windows.window_to,
    members.metric_value,
    members.bucket,
    members.percentile,
    members.member_count,
    members.has_activity,
    members.member_count < ranking_windows.buckets as is_small_category,
    refresh_period.as_of_on,
    ranking_windows.rule as tie_rule,
    members.is_held
from members
inner join ranking_windows
    on members.ranking_window = ranking_windows.ranking_window
inner join windows
    on ranking_windows.look_back = windows.look_back
cross join refresh_period
