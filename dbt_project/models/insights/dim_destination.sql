select
    cast(null as integer) as destination_id,
    cast(null as string) as destination_name,
    cast(null as string) as title,
    cast(null as string) as state,
    cast(null as integer) as destination_platform_id,
    cast(null as timestamp) as created_at
where false
