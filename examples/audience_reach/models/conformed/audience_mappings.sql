with

accepted as (
    {{ union_staged('audience_mappings', [
        'source_system', 'external_audience_id', 'segment_name', 'destination_name', 'source_file'
    ]) }}
)

select
    source_system,
    external_audience_id,
    segment_name,
    destination_name,
    source_file
from accepted
