{{
    config(
        materialized='incremental',
        unique_key=['source_system', 'support_contact_id'],
        meta={'reaches_through': ['refresh_period']}
    )
}}

with

{% call reached() %}
    {{ changed_staged('support_contacts', ['source_system', 'support_contact_id']) }}
    union all
    {{ passed_by_clock('support_contacts', ['source_system', 'support_contact_id'], 'opened_at') }}
{% endcall %}

accepted as (
    {{ union_staged('support_contacts', [
        'source_system', 'support_contact_id', 'source_record_id', 'opened_at', 'closed_at',
        'channel', 'topic', 'status', 'satisfaction', 'source_file'
    ], key=['source_system', 'support_contact_id']) }}
)

select
    source_system,
    support_contact_id,
    source_record_id,
    opened_at,
    closed_at,
    channel,
    topic,
    status,
    satisfaction,
    source_file
from accepted
-- What lies after the clock waits in quarantine.set_aside_rows.
where not {{ is_after_clock('opened_at') }}
