{{ config(materialized='incremental', unique_key=['profile_id']) }}

with

{% call reached() %}
    select profile_id from {{ changed('message_activities') }}
    union all
    select profile_id from {{ changed('order_amounts') }}
{% endcall %}

settings as (
    select
        max(value) filter (where setting = 'click_window_days') as click_window_days,
        max(value) filter (where setting = 'received_window_days') as received_window_days
    from {{ ref('message_settings') }}
),

message_activities as (
    select * from {{ part(ref('message_activities'), ['profile_id']) }}
),

-- A message is received once and may be clicked often.
touches as (
    select
        message_activities.*,
        'last_clicked' as attribution_model,
        message_activities.occurred_at as touched_at,
        settings.click_window_days as window_days
    from message_activities
    cross join settings
    where message_activities.event_type = 'clicked' and not message_activities.is_machine
    union all
    select
        message_activities.*,
        'last_received' as attribution_model,
        message_activities.received_at as touched_at,
        settings.received_window_days as window_days
    from message_activities
    cross join settings
    where
        message_activities.event_type in ('sent', 'delivered')
        and message_activities.occurred_at = message_activities.received_at
),

orders as (
    select
        profile_id,
        source_system,
        order_id,
        ordered_at,
        net_amount,
        currency
    from {{ part(ref('order_amounts'), ['profile_id']) }}
    where profile_id is not null and is_order
),

-- Of touches at one instant that of the message which was sent later, then of the first campaign by
-- its id, the first channel, and the first record and message.
credited as (
    select
        orders.*,
        touches.attribution_model,
        touches.campaign_id,
        touches.channel,
        touches.sent_on,
        touches.touched_at
    from orders
    inner join touches
        on
            touches.profile_id = orders.profile_id
            and touches.touched_at <= orders.ordered_at
            and touches.touched_at
            >= {{ dbt.dateadd('day', '-touches.window_days', 'orders.ordered_at') }}
    qualify
        row_number() over (
            partition by
                orders.profile_id, orders.source_system, orders.order_id, touches.attribution_model
            order by
                touches.touched_at desc nulls last,
                touches.sent_at desc nulls last,
                touches.campaign_id asc nulls last,
                touches.channel asc nulls last,
                touches.source_system asc nulls last,
                touches.source_record_id asc nulls last,
                touches.message_id asc nulls last,
                touches.message_event_id asc nulls last
        ) = 1
)

select
    profile_id,
    source_system,
    order_id,
    attribution_model,
    campaign_id,
    channel,
    sent_on,
    touched_at,
    ordered_at,
    net_amount,
    currency
from credited
