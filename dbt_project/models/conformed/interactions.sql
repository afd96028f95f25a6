{{
    config(
        materialized='incremental',
        unique_key=['source_system', 'interaction_id'],
        meta={'reaches_through': ['refresh_period']}
    )
}}

with

{% call reached() %}
    {{ changed_staged('interactions', ['source_system', 'interaction_id']) }}
    union all
    {{ passed_by_clock('interactions', ['source_system', 'interaction_id'], 'occurred_at') }}
{% endcall %}

accepted as (
    {{ union_staged('interactions', [
        'source_system', 'interaction_id', 'source_record_id', 'interaction_type', 'occurred_at',
        'object_id', 'object_name', 'fields', 'source_file'
    ], key=['source_system', 'interaction_id']) }}
)

select
    source_system,
    interaction_id,
    source_record_id,
    interaction_type,
    occurred_at,
    object_id,
    object_name,
    fields,
    source_file
from accepted
-- What lies after the clock waits in quarantine.set_aside_rows.
where not {{ is_after_clock('occurred_at') }}
