-- title: Windows
-- question: Over how many days may a page look?
-- grain: One row per window, the shortest first. Feeds a selector.
-- chart: none, feeds a selector.
select
    cast(days as varchar) as option_value,
    case when days = 365 then '12 months' else days || ' days' end as option_label
from (select unnest([7, 30, 90, 365]) as days) as windows
order by days asc
