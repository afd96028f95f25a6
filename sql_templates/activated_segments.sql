-- title: Activated segments
-- question: How many segments go to a destination today?
-- grain: One row.
-- note: Today is the latest refresh day.
-- chart: a card.
with

today as (
    select max(date_key) as date_key
    from insights.fact_profile
)

select count(distinct segment_destination.segment_id) as segment_count
from insights.segment_destination
inner join today
    on today.date_key between segment_destination.start_on and segment_destination.end_on
