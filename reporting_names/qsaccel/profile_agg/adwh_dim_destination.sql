-- One row per destination; destination is a GUID as a text, the status enabled or disabled.
select
    destination_id,
    cast(cast(md5('destination/' || destination_name) as uuid) as varchar) as destination,
    destination_name,
    state as destination_status,
    destination_platform_id,
    created_at as create_time
from main.dim_destination
