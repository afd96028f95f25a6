{{ config(materialized='view') }}

with

rankings as (
    select * from {{ ref('rankings') }}
),

look_backs as (
    select
        look_back,
        months
    from {{ ref('look_backs') }}
)

-- A number stands for what would be four names in every row that is ranked. Everybody is a member of
-- the tiers once.
select
    cast(
        row_number() over (
            order by
                rankings.ranking asc nulls last,
                rankings.metric asc nulls last,
                rankings.category_type asc nulls last,
                look_backs.look_back asc nulls last
        ) as int
    ) as ranking_window,
    rankings.ranking,
    rankings.metric,
    rankings.category_type,
    look_backs.look_back,
    look_backs.months,
    case when rankings.category_type = 'everybody' then 'loyalty_tier' else rankings.category_type end
        as members_of,
    rankings.buckets,
    rankings.rule
from rankings
inner join look_backs
    on contains(' ' || rankings.look_backs || ' ', ' ' || look_backs.look_back || ' ')
