{{ config(materialized='view') }}

with

ranking_windows as (
    select * from {{ ref('ranking_windows') }}
),

members as (
    select * from {{ ref('decile_values') }}
)

select
    ranking_windows.ranking_window,
    ranking_windows.ranking,
    members.profile_id,
    members.metric,
    ranking_windows.category_type,
    case when ranking_windows.category_type = 'everybody' then 'all' else members.category end as category,
    ranking_windows.look_back,
    case
        when ranking_windows.months is null then members.value_lifetime
        when ranking_windows.months = 1 then members.value_1
        when ranking_windows.months = 3 then members.value_3
        when ranking_windows.months = 6 then members.value_6
        when ranking_windows.months = 9 then members.value_9
        when ranking_windows.months = 12 then members.value_12
    end as metric_value
from members
inner join ranking_windows
    on
        ranking_windows.metric = members.metric
        and ranking_windows.members_of = members.category_type
