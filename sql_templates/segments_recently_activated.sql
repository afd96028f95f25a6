-- title: Recently activated segments
-- question: Which segments were sent to a destination last?
-- grain: One row per segment and destination, the latest first.
-- chart: a table.
-- parameters:
--   rows: {type: integer, default: 20, about: Most rows.}
with

ranked as (
    select
        dim_destination.title as destination_title,
        dim_segment.title as segment_title,
        segment_destination.created_at,
        row_number() over (
            order by
                segment_destination.created_at desc,
                dim_destination.title asc,
                dim_segment.title asc
        ) as place
    from insights.segment_destination
    inner join insights.dim_segment on segment_destination.segment_id = dim_segment.segment_id
    inner join insights.dim_destination
        on segment_destination.destination_id = dim_destination.destination_id
)

select
    destination_title,
    segment_title,
    created_at
from ranked
where place <= coalesce(getvariable('rows'), 20)
order by place asc
