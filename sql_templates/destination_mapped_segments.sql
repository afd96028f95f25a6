-- title: Mapped segments by destination
-- question: How many segments go to each destination?
-- grain: One row per destination, also those that receive none, by title.
-- chart: bars of segment_count by destination_title.
-- parameters:
--   destination: {type: text, options: destinations, about: The destination; every destination when unset.}
select
    dim_destination.title as destination_title,
    count(distinct segment_destination.segment_id) as segment_count
from insights.dim_destination
left join insights.segment_destination
    on dim_destination.destination_id = segment_destination.destination_id
where
    dim_destination.destination_name = coalesce(getvariable('destination'), dim_destination.destination_name)
group by dim_destination.title
order by dim_destination.title asc
