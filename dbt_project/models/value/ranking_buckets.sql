{#- A view: nearly every row changes with any news, and the rows of those without activity say least. -#}
{{ config(materialized='view') }}

with

rankings as (
    select * from {{ ref('rankings') }}
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
    select * from {{ ref('ranking_values') }}
    where metric_value is null
),

member_counts as (
    select
        ranking,
        metric,
        category_type,
        category,
        look_back,
        max(member_count) as member_count
    from ranking_places
    group by ranking, metric, category_type, category, look_back
),

members as (
    select
        ranking,
        profile_id,
        metric,
        category_type,
        category,
        look_back,
        metric_value,
        bucket,
        percentile,
        member_count,
        true as has_activity,
        is_held
    from ranking_places
    union all
    select
        without_activity.ranking,
        without_activity.profile_id,
        without_activity.metric,
        without_activity.category_type,
        without_activity.category,
        without_activity.look_back,
        cast(0 as decimal(18, 2)) as metric_value,
        cast(null as int) as bucket,
        cast(null as double) as percentile,
        coalesce(member_counts.member_count, cast(0 as bigint)) as member_count,
        false as has_activity,
        false as is_held
    from without_activity
    left join member_counts
        on
            without_activity.ranking = member_counts.ranking
            and without_activity.metric = member_counts.metric
            and without_activity.category_type = member_counts.category_type
            and without_activity.category = member_counts.category
            and without_activity.look_back = member_counts.look_back
)

select
    members.ranking,
    members.profile_id,
    members.metric,
    members.category_type,
    members.category,
    members.look_back,
    windows.window_from,
    windows.window_to,
    members.metric_value,
    members.bucket,
    members.percentile,
    members.member_count,
    members.has_activity,
    members.member_count < rankings.buckets as is_small_category,
    refresh_period.as_of_on,
    rankings.rule as tie_rule,
    members.is_held
from members
inner join rankings
    on
        rankings.ranking = members.ranking
        and rankings.metric = members.metric
        and rankings.category_type = members.category_type
inner join windows
    on members.look_back = windows.look_back
cross join refresh_period
