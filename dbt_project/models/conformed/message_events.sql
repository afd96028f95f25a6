{{
    config(
        materialized='incremental',
        unique_key=['source_system', 'message_event_id'],
        meta={'reaches_through': ['refresh_period']}
    )
}}

with

{% call reached() %}
    {{ changed_staged('message_events', ['source_system', 'message_event_id']) }}
    union all
    {{ passed_by_clock('message_events', ['source_system', 'message_event_id'], 'occurred_at') }}
{% endcall %}

accepted as (
    {{ union_staged('message_events', [
        'source_system', 'message_event_id', 'message_id', 'campaign_id', 'source_record_id',
        'event_type', 'occurred_at', 'url', 'source_file'
    ], optional=['channel', 'bounce_kind', 'user_agent'], key=['source_system', 'message_event_id']) }}
)

select
    source_system,
    message_event_id,
    message_id,
    campaign_id,
    source_record_id,
    event_type,
    occurred_at,
    channel,
    url,
    bounce_kind,
    user_agent,
    source_file
from accepted
-- What lies after the clock waits in quarantine.set_aside_rows.
where not {{ is_after_clock('occurred_at') }}
