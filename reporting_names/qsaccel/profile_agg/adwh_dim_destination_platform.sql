-- One row per kind of destination; destination_platform is a GUID as a text.
select
    destination_platform_id,
    cast(cast(md5('destination_platform/' || platform_name) as uuid) as varchar)
        as destination_platform,
    platform_name as destination_platform_name
from main.dim_destination_platform
