-- title: Most used destinations
-- question: Which destinations receive most segments?
-- grain: One row per destination that receives any, most segments first.
-- chart: bars of segment_count by destination_title.
-- parameters:
--   rows: {type: integer, default: 20, about: Most rows.}
with

counted as (
    select
        dim_destination.title as destination_title,
        count(distinct segment_destination.segment_id) as segment_count
    from insights.segment_destination
    inner join insights.dim_destination
        on segment_destination.destination_id = dim_destination.destination_id
    group by dim_destination.title
),

ranked as (
    select
        destination_title,
        segment_count,
        row_number() over (order by segment_count desc, destination_title asc) as place
    from counted
)

select
    destination_title,
    segment_count
from ranked
where place <= coalesce(getvariable('rows'), 20)
order by place asc
