with

accepted as (
    {{ union_staged('consents', [
        'source_system', 'consent_id', 'source_record_id', 'purpose', 'channel',
        'status', 'recorded_at', 'captured_by', 'source_file'
    ]) }}
)

select
    source_system,
    consent_id,
    source_record_id,
    purpose,
    channel,
    status,
    recorded_at,
    captured_by,
    source_file
from accepted
