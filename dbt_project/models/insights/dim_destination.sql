select
    {{ id_of('destination_name') }} as destination_id,
    destination_name,
    title,
    state,
    {{ id_of('platform_name') }} as destination_platform_id,
    created_at
from {{ source('ingest', 'sync_destinations') }}
