{{ config(materialized='incremental', unique_key=['event_id']) }}

{% set campaign_parameters = ['utm_source', 'utm_medium', 'utm_campaign', 'utm_term', 'utm_content'] %}

with

typed as (
    select
        'web_tracking' as source_system,
        nullif(trim(event_id), '') as event_id,
        nullif(trim(cookie_id), '') as source_record_id,
        lower(nullif(trim(event_type), '')) as event_type,
        {{ as_instant('occurred_at') }} as occurred_at,
        nullif(trim(login), '') as login,
        nullif(trim(product_id), '') as product_id,
        -- Without host and query: a query may hold an e-mail address.
        nullif(regexp_extract(url, '^([a-z]+://[^/?#]*)?([^?#]*)', 2), '') as url_path,
        {%- for name in campaign_parameters %}
            -- The words of a campaign are the only part of a query that is kept.
            nullif(regexp_extract(url, '[?&]{{ name }}=([^&#]*)', 1), '') as {{ name }},
        {%- endfor %}
        lower(nullif(trim(device_type), '')) as device_type,
        nullif(trim(user_agent), '') as user_agent,
        source_file,
        source_row,
        is_deleted
    from {{ landed(
        source('web_tracking', 'events'),
        {'event_id': "nullif(trim(event_id), '')"}
    ) }}
),

checked as (
    select
        *,
        {{ first_fault([
            ('event_id is null', 'missing_key', 'event_id'),
            ('source_record_id is null', 'missing_reference', 'cookie_id'),
            ('occurred_at is null', 'invalid_timestamp', 'occurred_at'),
            (is_after_today('occurred_at'), 'future_timestamp', 'occurred_at'),
            ('event_type is null', 'invalid_code', 'event_type'),
        ]) }}
    from typed
),

judged as (
    {{ judge_versions('checked', key=['event_id'], newest_by='occurred_at') }}
)

select
    source_system,
    event_id,
    source_record_id,
    event_type,
    occurred_at,
    login,
    product_id,
    url_path,
    {%- for name in campaign_parameters %}
        {{ name }},
    {%- endfor %}
    device_type,
    user_agent,
    cast(null as bigint) as points,
    cast(null as string) as order_id,
    source_file,
    source_row,
    reject_reason,
    reject_column
from judged
