{{ config(materialized='incremental', unique_key=['source_system', 'consent_id']) }}

with

{% call reached() %}
    {{ changed_staged('consents', ['source_system', 'consent_id']) }}
{% endcall %}

accepted as (
    {{ union_staged('consents', [
        'source_system', 'consent_id', 'source_record_id', 'purpose', 'channel',
        'status', 'recorded_at', 'captured_by', 'source_file'
    ], optional=['contact_namespace', 'contact_value', 'topic', 'proof'],
    key=['source_system', 'consent_id']) }}
)

select
    accepted.source_system,
    accepted.consent_id,
    accepted.source_record_id,
    coalesce(accepted.contact_namespace, 'any') as contact_namespace,
    coalesce(accepted.contact_value, 'any') as contact_value,
    accepted.purpose,
    coalesce(accepted.channel, 'any') as channel,
    coalesce(accepted.topic, 'any') as topic,
    lower(accepted.status) as status,
    -- What staging lets through and nobody has a code for stops the run, and is no yes meanwhile.
    coalesce(statuses.code, unreadable.code) as code,
    accepted.recorded_at,
    accepted.captured_by,
    accepted.proof,
    accepted.source_file
from accepted
left join {{ ref('consent_statuses') }} as statuses
    on statuses.status = lower(accepted.status)
left join {{ ref('consent_statuses') }} as unreadable
    on unreadable.status = 'unreadable'
