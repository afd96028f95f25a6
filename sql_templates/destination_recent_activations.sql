-- title: Recently activated segments by destination
-- question: Which segments were sent to each destination last?
-- grain: One row per destination and segment, the latest of each destination first.
-- chart: a table.
-- parameters:
--   destination: {type: text, options: destinations, about: The destination; every destination when unset.}
--   rows: {type: integer, default: 5, about: Most rows.}
with

ranked as (
    select
        dim_destination.title as destination_title,
        dim_segment.title as segment_title,
        segment_destination.created_at,
        row_number() over (
            partition by segment_destination.destination_id
            order by
                segment_destination.created_at desc,
                dim_destination.title asc,
                dim_segment.title asc
        ) as place
    from insights.segment_destination
    inner join insights.dim_segment on segment_destination.segment_id = dim_segment.segment_id
    inner join insights.dim_destination
        on segment_destination.destination_id = dim_destination.destination_id
    where
        dim_destination.destination_name
        = coalesce(getvariable('destination'), dim_destination.destination_name)
)

select
    destination_title,
    segment_title,
    created_at
from ranked
where place <= coalesce(getvariable('rows'), 5)
order by destination_title asc, place asc
