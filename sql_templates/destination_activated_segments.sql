-- title: Activated segments by destination
-- question: Which destinations receive how many segments today?
-- grain: One row per destination, also those that receive none, by title.
-- note: Today is the latest refresh day.
-- chart: bars of segment_count by destination_title.
-- parameters:
--   destination: {type: text, options: destinations, about: The destination; every destination when unset.}
with

today as (
    select max(date_key) as date_key
    from insights.fact_profile
),

active as (
    select
        segment_destination.destination_id,
        segment_destination.segment_id
    from insights.segment_destination
    inner join today
        on today.date_key between segment_destination.start_on and segment_destination.end_on
)

select
    dim_destination.title as destination_title,
    count(distinct active.segment_id) as segment_count
from insights.dim_destination
left join active on dim_destination.destination_id = active.destination_id
where
    dim_destination.destination_name = coalesce(getvariable('destination'), dim_destination.destination_name)
group by dim_destination.title
order by dim_destination.title asc
