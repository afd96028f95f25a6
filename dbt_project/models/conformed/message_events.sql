with

accepted as (
    {{ union_staged('message_events', [
        'source_system', 'message_event_id', 'message_id', 'campaign_id', 'source_record_id',
        'event_type', 'occurred_at', 'url', 'source_file'
    ]) }}
)

select
    source_system,
    message_event_id,
    message_id,
    campaign_id,
    source_record_id,
    event_type,
    occurred_at,
    url,
    source_file
from accepted
-- What lies after the clock waits in quarantine.set_aside_rows.
where not {{ is_after_clock('occurred_at') }}
