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

-- On a tablet that people hand on each other, somebody else's session begins where he signs in.
handed_on as (
    select
        *,
        case
            when signed_in_as <> lag(signed_in_as) over (
                partition by source_system, source_record_id, pauses_before, signed_in_as is null
                order by place asc nulls last
            ) then 1
            else 0
        end as is_handed_on
    from between_pauses
),

in_sessions as (
    select
        handed_on.*,
        coalesce(web_event_types.is_page_view, false) as is_page_view,
        web_event_types.stage,
        case when handed_on.url_path is not null then handed_on.place end as path_place,
        case when handed_on.product_id is not null then handed_on.place end as product_place,
        case when handed_on.device_type is not null then handed_on.place end as device_place,
        case when handed_on.names_campaign then handed_on.place end as campaign_place,
        sum(handed_on.is_handed_on) over (
            partition by handed_on.source_system, handed_on.source_record_id, handed_on.pauses_before
            order by handed_on.place asc nulls last
        ) as hands_before
    from handed_on
    left join web_event_types
        on web_event_types.event_type = handed_on.event_type
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
