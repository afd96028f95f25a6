-- title: Destinations
-- question: Which destinations are there, and how many segments go to each?
-- grain: One row per destination, at most 20, the one with most segments first.
-- chart: a table.
select
    dim_destination.title,
    dim_destination_platform.title as platform_title,
    dim_destination.state,
    cast(dim_destination.created_at as date) as created_on,
    count(distinct segment_destination.segment_id) as segment_count
from insights.dim_destination
left join insights.dim_destination_platform
    on
        dim_destination.destination_platform_id
        = dim_destination_platform.destination_platform_id
left join insights.segment_destination
    on dim_destination.destination_id = segment_destination.destination_id
where dim_destination.state <> 'removed'
group by
    dim_destination.title,
    dim_destination_platform.title,
    dim_destination.state,
    dim_destination.created_at,
    dim_destination.destination_id
order by segment_count desc, dim_destination.title asc
limit 20
