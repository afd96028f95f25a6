{#- A view: titles and descriptions are made for those that are looked at, and a visit is abandoned from
    an instant on that the clock has to pass. -#}
{{ config(materialized='view') }}

{% set values = {
    'activity': 'source_activity_id', 'amount': 'amount', 'currency': 'currency', 'points': 'points',
    'pieces': 'piece_count', 'product': 'product_id', 'campaign': 'campaign_id', 'channel': 'channel',
    'topic': 'topic', 'page': 'url_path'
} %}

{#- A placeholder without a value leaves no text at all. -#}
{% set filled = namespace(text='description') %}
{% for name, value in values.items() %}
    {% set filled.text = "replace(" ~ filled.text ~ ", '{" ~ name ~ "}', case when description like '%{"
        ~ name ~ "}%' then cast(" ~ value ~ " as string) else '' end)" %}
{% endfor %}

with

recorded_activities as (
    select * from {{ ref('recorded_activities') }}
),

abandoned_visits as (
    select abandoned_visits.*
    from {{ ref('abandoned_visits') }} as abandoned_visits
    inner join {{ ref('refresh_period') }} as refresh_period
        on abandoned_visits.abandoned_at <= refresh_period.as_of_at
),

purchases as (
    select * from {{ ref('purchases') }}
),

activity_templates as (
    select * from {{ ref('activity_templates') }}
),

happened as (
    select * from recorded_activities
    union all
    select
        profile_id,
        md5('visit:' || session_id || ':' || activity_type) as activity_id,
        source_system,
        'visit' as source_entity,
        session_id as source_activity_id,
        activity_type,
        abandoned_at as occurred_at,
        null as amount,
        null as currency,
        null as points,
        product_id,
        null as piece_count,
        null as url_path,
        null as campaign_id,
        null as channel,
        null as topic
    from abandoned_visits
    union all
    -- The order has the amount, so that nobody adds it up twice.
    select
        profile_id,
        md5(source_system || ':order_line:' || order_id || ':' || cast(line_number as string))
            as activity_id,
        source_system,
        'order_line' as source_entity,
        order_id || ':' || cast(line_number as string) as source_activity_id,
        case when is_return then 'order_line_returned' else 'order_line' end as activity_type,
        booked_at as occurred_at,
        null as amount,
        null as currency,
        null as points,
        product_id,
        abs(quantity) as piece_count,
        null as url_path,
        null as campaign_id,
        null as channel,
        null as topic
    from purchases
),

told as (
    select
        happened.*,
        activity_templates.is_on_timeline,
        coalesce(
            activity_templates.title,
            upper(substr(happened.activity_type, 1, 1))
            || replace(substr(happened.activity_type, 2), '_', ' ')
        ) as title,
        activity_templates.description
    from happened
    left join activity_templates
        on activity_templates.activity_type = happened.activity_type
)

select
    profile_id,
    activity_id,
    source_system,
    source_entity,
    source_activity_id,
    activity_type,
    occurred_at,
    title,
    {{ filled.text }} as description,
    url_path,
    amount,
    currency,
    points,
    product_id,
    piece_count,
    campaign_id,
    channel,
    topic,
    coalesce(is_on_timeline, true) as is_on_timeline,
    cast({{ dbt.datediff("cast('1970-01-01' as timestamp)", 'occurred_at', 'second') }} as bigint)
        as sort_index
from told
