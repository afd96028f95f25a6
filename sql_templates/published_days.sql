-- title: Days there are
-- question: Which days does the model remember?
-- grain: One row per day, the latest first. Feeds a selector.
-- chart: none, feeds a selector.
select
    cast(date_key as varchar) as option_value,
    strftime(date_key, '%-d %B %Y') as option_label
from insights.fact_segment_size
group by date_key
order by date_key desc
