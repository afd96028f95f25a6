{{ config(materialized='view') }}

with

-- Which windows each ranking of the policy looks back over.
ranking_windows as (
    select
        rankings.ranking,
        rankings.metric,
        rankings.category_type,
        look_backs.look_back,
        look_backs.months
    from {{ ref('rankings') }} as rankings
    inner join {{ ref('look_backs') }} as look_backs
        on contains(' ' || rankings.look_backs || ' ', ' ' || look_backs.look_back || ' ')
),

measured as (
    select * from {{ ref('decile_values') }}
),

members as (
    select
        measured.*,
        measured.category_type as ranked_category_type,
        measured.category as ranked_category
    from measured
    union all
    -- A ranking of everybody together has one category.
    select
        measured.*,
        'everybody' as ranked_category_type,
        'all' as ranked_category
    from measured
    where measured.category_type = 'loyalty_tier'
)

select
    ranking_windows.ranking,
    members.profile_id,
    members.metric,
    members.ranked_category_type as category_type,
    members.ranked_category as category,
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
        and ranking_windows.category_type = members.ranked_category_type
