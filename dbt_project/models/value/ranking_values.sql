{{ config(materialized='view') }}

with

-- Which windows each ranking of the policy looks back over. Everybody is a member of the tiers once.
ranking_windows as (
    select
        rankings.ranking,
        rankings.metric,
        rankings.category_type,
        case when rankings.category_type = 'everybody' then 'loyalty_tier' else rankings.category_type end
            as members_of,
        look_backs.look_back,
        look_backs.months
    from {{ ref('rankings') }} as rankings
    inner join {{ ref('look_backs') }} as look_backs
        on contains(' ' || rankings.look_backs || ' ', ' ' || look_backs.look_back || ' ')
),

members as (
    select * from {{ ref('decile_values') }}
)

select
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
