-- title: Activation order
-- question: To which destinations does a segment go, in the order in which it began?
-- grain: One row per segment and destination, the first activated first.
-- chart: a table.
-- parameters:
--   segment: {type: text, options: segments, about: The segment; every segment when unset.}
--   rows: {type: integer, default: 10, about: Most rows.}
with

ordered as (
    select
        dim_segment.title as segment_title,
        dim_destination.title as destination_title,
        segment_destination.start_on,
        row_number() over (
            partition by segment_destination.segment_id
            order by segment_destination.start_on asc, dim_destination.title asc
        ) as place
    from insights.segment_destination
    inner join insights.dim_segment on segment_destination.segment_id = dim_segment.segment_id
    inner join insights.dim_destination
        on segment_destination.destination_id = dim_destination.destination_id
    where dim_segment.segment_name = coalesce(getvariable('segment'), dim_segment.segment_name)
)

select
    segment_title,
    destination_title,
    start_on,
    place
from ordered
where place <= coalesce(getvariable('rows'), 10)
order by segment_title asc, place asc
