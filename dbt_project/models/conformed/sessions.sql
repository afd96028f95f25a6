{{ config(materialized='incremental', unique_key=['source_system', 'source_record_id']) }}

{% set visitor = ['source_system', 'source_record_id'] %}
{% set campaign_parameters = ['utm_source', 'utm_medium', 'utm_campaign', 'utm_term', 'utm_content'] %}

with

{% call reached() %}
    select source_system, source_record_id from {{ changed('events') }} where points is null
{% endcall %}

settings as (
    select cast(value as bigint) as timeout_minutes
    from {{ ref('activity_settings') }}
    where setting = 'session_timeout_minutes'
),

web_event_types as (
    select * from {{ ref('web_event_types') }}
),

-- Entries of a points ledger are no visits.
web_events as (
    select
        *,
        lower({{ without_blanks('login') }}) as signed_in_as,
        coalesce({{ campaign_parameters | join(', ') }}) is not null as names_campaign
    from {{ part(ref('events'), visitor) }}
    where points is null
),

paused as (
    select
        web_events.*,
        row_number() over (
            partition by source_system, source_record_id
            order by occurred_at asc nulls last, event_id asc nulls last
        ) as place,
        case
            when occurred_at > {{ dbt.dateadd('minute', 'settings.timeout_minutes', 'lag(occurred_at) over (
                partition by source_system, source_record_id
                order by occurred_at asc nulls last, event_id asc nulls last
            )') }} then 1
            else 0
        end as is_after_pause
    from web_events
    cross join settings
),

between_pauses as (
    select
        *,
        sum(is_after_pause) over (
            partition by source_system, source_record_id order by place asc nulls last
        ) as pauses_before
    from paused
),

-- Few devices are, so the others need not be sorted once more.
shared_devices as (
    select
        source_system,
        source_record_id
    from web_events
    group by source_system, source_record_id
    having min(signed_in_as) <> max(signed_in_as)
),

-- On a tablet that people hand to each other, another session begins where somebody else signs in.
handed_on as (
    select
        source_system,
        source_record_id,
        pauses_before,
        place,
        case
            when signed_in_as <> lag(signed_in_as) over (
                partition by source_system, source_record_id, pauses_before, signed_in_as is null
                order by place asc nulls last
            ) then 1
            else 0
        end as is_handed_on
    from between_pauses
    semi join shared_devices
        on
            shared_devices.source_system = between_pauses.source_system
            and shared_devices.source_record_id = between_pauses.source_record_id
),

hands as (
    select
        *,
        sum(is_handed_on) over (
            partition by source_system, source_record_id, pauses_before
            order by place asc nulls last
        ) as hands_before
    from handed_on
),

in_sessions as (
    select
        events.*,
        coalesce(hands.hands_before, 0) as hands_before,
        coalesce(web_event_types.is_page_view, false) as is_page_view,
        web_event_types.stage,
        case when events.url_path is not null then events.place end as path_place,
        case when events.product_id is not null then events.place end as product_place,
        case when events.device_type is not null then events.place end as device_place,
        case when events.names_campaign then events.place end as campaign_place
    from between_pauses as events
    left join hands
        on
            hands.source_system = events.source_system
            and hands.source_record_id = events.source_record_id
            and hands.place = events.place
    left join web_event_types
        on web_event_types.event_type = events.event_type
)

select
    md5(source_system || ':' || min_by(event_id, place)) as session_id,
    source_system,
    source_record_id,
    max(signed_in_as) as login,
    min(occurred_at) as started_at,
    max(occurred_at) as ended_at,
    cast({{ dbt.datediff('min(occurred_at)', 'max(occurred_at)', 'second') }} as bigint) as duration_seconds,
    count(*) as event_count,
    count(*) filter (where is_page_view) as page_view_count,
    -- Of a session without any page view, where its first and last event took place.
    coalesce(
        min_by(url_path, case when is_page_view then path_place end), min_by(url_path, path_place)
    ) as landing_page,
    coalesce(
        max_by(url_path, case when is_page_view then path_place end), max_by(url_path, path_place)
    ) as exit_page,
    min_by(device_type, device_place) as device_type,
    -- All of one address: the first that names a campaign.
    {%- for name in campaign_parameters %}
        nullif(min_by(coalesce({{ name }}, ''), campaign_place), '') as {{ name }},
    {%- endfor %}
    max(case when stage = 'browse' then occurred_at end) as browsed_at,
    max_by(product_id, case when stage = 'browse' then product_place end) as browsed_product_id,
    max(case when stage = 'cart' then occurred_at end) as carted_at,
    max_by(product_id, case when stage = 'cart' then product_place end) as carted_product_id,
    max(case when stage = 'purchase' then occurred_at end) as purchased_at
from in_sessions
group by source_system, source_record_id, pauses_before, hands_before
