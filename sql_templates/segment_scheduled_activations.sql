-- title: Scheduled activations
-- question: Where does a segment go, since when and until when?
-- grain: One row per segment and destination, the latest begun first.
-- chart: a table.
-- parameters:
--   segment: {type: text, options: segments, about: The segment; every segment when unset.}
select
    dim_segment.title as segment_title,
    dim_destination_platform.title as platform_title,
    dim_destination.title as destination_title,
    segment_destination.start_on,
    case
        when segment_destination.end_on = date '9999-12-31' then 'ongoing'
        else cast(segment_destination.end_on as varchar)
    end as end_label
from insights.segment_destination
inner join insights.dim_segment on segment_destination.segment_id = dim_segment.segment_id
inner join insights.dim_destination
    on segment_destination.destination_id = dim_destination.destination_id
inner join insights.dim_destination_platform
    on
        dim_destination.destination_platform_id
        = dim_destination_platform.destination_platform_id
where dim_segment.segment_name = coalesce(getvariable('segment'), dim_segment.segment_name)
order by segment_destination.start_on desc, segment_title asc, destination_title asc
