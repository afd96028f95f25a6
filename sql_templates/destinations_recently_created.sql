-- title: Recently created destinations
-- question: Which destinations are new?
-- grain: One row per enabled destination, the newest first.
-- chart: a table.
-- parameters:
--   rows: {type: integer, default: 20, about: Most rows.}
with

ranked as (
    select
        dim_destination.title as destination_title,
        dim_destination_platform.title as platform_title,
        dim_destination.created_at,
        row_number() over (
            order by dim_destination.created_at desc, dim_destination.title asc
        ) as place
    from insights.dim_destination
    inner join insights.dim_destination_platform
        on
            dim_destination.destination_platform_id
            = dim_destination_platform.destination_platform_id
    where dim_destination.state = 'enabled'
)

select
    destination_title,
    platform_title,
    created_at
from ranked
where place <= coalesce(getvariable('rows'), 20)
order by place asc
