select distinct
    {{ id_of('platform_name') }} as destination_platform_id,
    platform_name,
    platform_title as title
from {{ source('ingest', 'sync_destinations') }}
