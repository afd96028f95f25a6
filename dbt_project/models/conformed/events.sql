{{
    config(
        materialized='incremental',
        unique_key=['source_system', 'event_id'],
        meta={'reaches_through': ['refresh_period']}
    )
}}

with

{% call reached() %}
    {{ changed_staged('events', ['source_system', 'event_id']) }}
    union all
    {{ passed_by_clock('events', ['source_system', 'event_id'], 'occurred_at') }}
    union all
    select source_system, event_id from {{ changed('crawler_events') }}
{% endcall %}

accepted as (
    {{ union_staged('events', [
        'source_system', 'event_id', 'source_record_id', 'event_type', 'occurred_at',
        'login', 'product_id', 'url_path', 'device_type', 'points',
        'order_id', 'source_file'
    ], optional=[
        'user_agent', 'utm_source', 'utm_medium', 'utm_campaign', 'utm_term', 'utm_content'
    ], key=['source_system', 'event_id']) }}
),

crawler_events as (
    select
        source_system,
        event_id
    from {{ ref('crawler_events') }}
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
    utm_source,
    utm_medium,
    utm_campaign,
    utm_term,
    utm_content,
    device_type,
    user_agent,
    points,
    order_id,
    source_file
from accepted
-- Events of programs, and what lies after the clock, are in quarantine.set_aside_rows.
where
    not {{ is_after_clock('occurred_at') }}
    and not exists (
        select 1
        from crawler_events
        where
            crawler_events.source_system = accepted.source_system
            and crawler_events.event_id = accepted.event_id
    )
