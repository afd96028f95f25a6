{{ config(materialized='incremental', unique_key=['profile_id']) }}

{% set run = ['profile_id', 'campaign_id', 'channel', 'sent_on'] %}

with

{% call reached() %}
    select profile_id from {{ changed('message_activities') }}
    union all
    select profile_id from {{ changed('message_conversions') }}
{% endcall %}

message_activities as (
    select
        *,
        cast(occurred_at as date) as occurred_on
    from {{ part(ref('message_activities'), ['profile_id']) }}
),

settings as (
    select max(value) as state_days_before_sending
    from {{ ref('message_settings') }}
    where setting = 'state_days_before_sending'
),

message_conversions as (
    select * from {{ part(ref('message_conversions'), ['profile_id']) }}
),

-- People respond, not addresses: two contacts of one person are one recipient, and ten clicks are one
-- clicker.
responses as (
    select
        {{ run | join(', ') }},
        min_by(
            source_system || ':' || source_record_id,
            row(sent_at, source_system, source_record_id)
        ) as record_key,
        bool_or(event_type = 'sent') as is_sent,
        {{ measure('min', 'occurred_on', "event_type = 'blocked'") }} as blocked_on,
        {{ measure('min', 'occurred_on', "event_type = 'delivered' and received_at is not null") }}
            as delivered_on,
        {{ measure('min', 'occurred_on', "event_type = 'bounced' and received_at is null") }}
            as came_back_on,
        {{ measure('min', 'lower(bounce_kind)', "event_type = 'bounced' and received_at is null") }}
            as bounce_kind,
        {{ measure('min', 'occurred_on', "event_type = 'opened' and not is_machine") }} as opened_on,
        {{ measure('min', 'occurred_on', "event_type = 'opened' and is_machine") }}
            as machine_opened_on,
        {{ measure('min', 'occurred_on', "event_type = 'clicked' and not is_machine") }} as clicked_on,
        {{ measure('min', 'occurred_on', "event_type = 'clicked' and is_machine") }}
            as machine_clicked_on,
        {{ measure('min', 'occurred_on', "event_type = 'unsubscribed'") }} as unsubscribed_on,
        {{ measure('min', 'occurred_on', "event_type = 'complained'") }} as complained_on
    from message_activities
    group by {{ run | join(', ') }}
),

conversions as (
    select
        {{ run | join(', ') }}
        {%- for model in ['clicked', 'received'] %},
            {{ measure('min', 'cast(ordered_at as date)', "attribution_model = 'last_" ~ model ~ "'") }}
                as {{ model }}_converted_on,
            {{ measure('count', '*', "attribution_model = 'last_" ~ model ~ "'") }}
                as {{ model }}_order_count,
            {{ measure('sum', 'net_amount', "attribution_model = 'last_" ~ model ~ "'") }}
                as {{ model }}_net_amount
        {%- endfor %}
    from message_conversions
    group by {{ run | join(', ') }}
)

-- Who was reached at one address has not bounced at another; what a machine did does not count beside
-- what the person did.
select
    responses.profile_id,
    responses.campaign_id,
    responses.channel,
    responses.sent_on,
    cast({{ dbt.dateadd('day', '-settings.state_days_before_sending', 'responses.sent_on') }} as date)
        as state_on,
    responses.record_key,
    responses.is_sent,
    responses.blocked_on,
    responses.delivered_on,
    case when responses.delivered_on is null then responses.came_back_on end as bounced_on,
    case when responses.delivered_on is null then responses.bounce_kind end as bounce_kind,
    responses.opened_on,
    case when responses.opened_on is null then responses.machine_opened_on end as machine_opened_on,
    responses.clicked_on,
    case when responses.clicked_on is null then responses.machine_clicked_on end as machine_clicked_on,
    responses.unsubscribed_on,
    responses.complained_on,
    {%- for model in ['clicked', 'received'] %}
        conversions.{{ model }}_converted_on,
        coalesce(conversions.{{ model }}_order_count, cast(0 as bigint)) as {{ model }}_order_count,
        cast(coalesce(conversions.{{ model }}_net_amount, 0) as decimal(18, 2))
            as {{ model }}_net_amount {{- '' if loop.last else ',' }}
    {%- endfor %}
from responses
cross join settings
left join conversions
    on
        conversions.profile_id = responses.profile_id
        and conversions.campaign_id = responses.campaign_id
        and conversions.channel is not distinct from responses.channel
        and conversions.sent_on = responses.sent_on
