select
    cast(null as integer) as segment_id,
    cast(null as integer) as destination_id,
    cast(null as timestamp) as created_at,
    cast(null as date) as start_on,
    cast(null as date) as end_on
where false
