-- title: Common segments of two destinations
-- question: Which segments go to both of two destinations?
-- grain: One row per pair of destinations and segment.
-- chart: a table.
-- parameters:
--   destination_a: {type: text, options: destinations, about: The first destination; every one when unset.}
--   destination_b: {type: text, options: destinations, about: The second; every other one when unset.}
with

mapped as (
    select distinct
        segment_destination.segment_id,
        dim_destination.destination_name,
        dim_destination.title
    from insights.segment_destination
    inner join insights.dim_destination
        on segment_destination.destination_id = dim_destination.destination_id
)

select
    mapped_a.title as destination_title_a,
    mapped_b.title as destination_title_b,
    dim_segment.title as segment_title
from mapped as mapped_a
inner join mapped as mapped_b
    on
        mapped_a.segment_id = mapped_b.segment_id
        and mapped_a.destination_name <> mapped_b.destination_name
inner join insights.dim_segment on mapped_a.segment_id = dim_segment.segment_id
where
    mapped_a.destination_name = coalesce(getvariable('destination_a'), mapped_a.destination_name)
    and mapped_b.destination_name = coalesce(getvariable('destination_b'), mapped_b.destination_name)
    and (
        mapped_a.destination_name < mapped_b.destination_name
        or getvariable('destination_a') is not null
        or getvariable('destination_b') is not null
    )
order by destination_title_a asc, destination_title_b asc, segment_title asc
