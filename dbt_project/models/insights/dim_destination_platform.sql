select
    cast(null as integer) as destination_platform_id,
    cast(null as string) as platform_name,
    cast(null as string) as title
where false
