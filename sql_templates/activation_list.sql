-- title: Activations
-- question: Which segments go where, and until when?
-- grain: One row per segment and destination, at most 20, the newest first.
-- chart: a table.
select
    dim_segment.segment_name,
    dim_segment.title,
    dim_destination.title as destination_title,
    segment_destination.start_on,
    case
        when segment_destination.end_on = date '9999-12-31' then 'ongoing'
        else strftime(segment_destination.end_on, '%-d %B %Y')
    end as end_label
from insights.segment_destination
inner join insights.dim_segment on segment_destination.segment_id = dim_segment.segment_id
inner join insights.dim_destination
    on segment_destination.destination_id = dim_destination.destination_id
order by
    segment_destination.created_at desc nulls last,
    dim_segment.title asc,
    destination_title asc
limit 20
