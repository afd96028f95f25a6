{{ config(materialized='incremental', unique_key=['source_system', 'consent_id']) }}

with

{% call reached() %}
    {{ changed_staged('consents', ['source_system', 'consent_id']) }}
{% endcall %}

accepted as (
    {{ union_staged('consents', [
        'source_system', 'consent_id', 'source_record_id', 'purpose', 'channel',
        'status', 'recorded_at', 'captured_by', 'source_file'
    ], key=['source_system', 'consent_id']) }}
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
