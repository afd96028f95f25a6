-- title: Windows
-- question: Over how many days may a page look?
-- grain: One row per window, the shortest first. Feeds a selector.
-- chart: none, feeds a selector.
with

windows as (
    select 7 as days
    union all
    select 30 as days
    union all
    select 90 as days
    union all
    select 365 as days
)

select
    cast(days as varchar) as option_value,
    case when days = 365 then '12 months' else cast(days as varchar) || ' days' end as option_label
from windows
order by days asc
