{{ config(materialized='incremental', unique_key=['profile_id']) }}

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
        profile_id,
        campaign_id,
        channel,
        sent_on,
        min_by(
            source_system || ':' || source_record_id,
            row(sent_at, source_system, source_record_id)
        ) as record_key,
        min(occurred_on) filter (where event_type = 'sent') as told_sent_on,
        min(occurred_on) filter (where event_type = 'blocked') as blocked_on,
        min(occurred_on) filter (where event_type = 'delivered' and received_at is not null)
            as delivered_on,
        min(occurred_on) filter (where event_type = 'bounced' and received_at is null) as came_back_on,
        -- Of several kinds hard is first by the alphabet, too.
        min(lower(bounce_kind)) filter (where event_type = 'bounced' and received_at is null)
            as bounce_kind,
        min(occurred_on) filter (where event_type = 'opened' and not is_machine) as opened_on,
        min(occurred_on) filter (where event_type = 'opened' and is_machine) as fetched_on,
        min(occurred_on) filter (where event_type = 'clicked' and not is_machine) as clicked_on,
        min(occurred_on) filter (where event_type = 'clicked' and is_machine) as scanned_on,
        min(occurred_on) filter (where event_type = 'unsubscribed') as unsubscribed_on,
        min(occurred_on) filter (where event_type = 'complained') as complained_on
    from message_activities
    group by profile_id, campaign_id, channel, sent_on
),

conversions as (
    select
        profile_id,
        campaign_id,
        channel,
        sent_on,
        min(cast(ordered_at as date)) filter (where attribution_model = 'last_clicked')
            as clicked_converted_on,
        count(*) filter (where attribution_model = 'last_clicked') as clicked_order_count,
        sum(net_amount) filter (where attribution_model = 'last_clicked') as clicked_net_amount,
        min(cast(ordered_at as date)) filter (where attribution_model = 'last_received')
            as received_converted_on,
        count(*) filter (where attribution_model = 'last_received') as received_order_count,
        sum(net_amount) filter (where attribution_model = 'last_received') as received_net_amount
    from message_conversions
    group by profile_id, campaign_id, channel, sent_on
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
    responses.told_sent_on,
    responses.blocked_on,
    responses.delivered_on,
    case when responses.delivered_on is null then responses.came_back_on end as bounced_on,
    case
        when responses.delivered_on is null and responses.bounce_kind = 'hard' then responses.came_back_on
    end as hard_bounced_on,
    case
        when responses.delivered_on is null and responses.bounce_kind = 'soft' then responses.came_back_on
    end as soft_bounced_on,
    responses.opened_on,
    case when responses.opened_on is null then responses.fetched_on end as machine_opened_on,
    responses.clicked_on,
    case when responses.clicked_on is null then responses.scanned_on end as machine_clicked_on,
    responses.unsubscribed_on,
    responses.complained_on,
    conversions.clicked_converted_on,
    coalesce(conversions.clicked_order_count, cast(0 as bigint)) as clicked_order_count,
    cast(coalesce(conversions.clicked_net_amount, 0) as decimal(18, 2)) as clicked_net_amount,
    conversions.received_converted_on,
    coalesce(conversions.received_order_count, cast(0 as bigint)) as received_order_count,
    cast(coalesce(conversions.received_net_amount, 0) as decimal(18, 2)) as received_net_amount
from responses
cross join settings
left join conversions
    on
        conversions.profile_id = responses.profile_id
        and conversions.campaign_id = responses.campaign_id
        and conversions.channel is not distinct from responses.channel
        and conversions.sent_on = responses.sent_on
