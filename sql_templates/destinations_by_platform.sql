-- title: Active destinations by platform
-- question: On which platforms are the enabled destinations?
-- grain: One row per platform, most destinations first.
-- chart: bars of destination_count by platform_title.
select
    dim_destination_platform.title as platform_title,
    count(*) as destination_count
from insights.dim_destination
inner join insights.dim_destination_platform
    on
        dim_destination.destination_platform_id
        = dim_destination_platform.destination_platform_id
where dim_destination.state = 'enabled'
group by dim_destination_platform.title
order by destination_count desc, platform_title asc
