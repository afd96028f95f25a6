{{ config(materialized='incremental', unique_key=['profile_id']) }}

with

{% call reached() %}
    select profile_id from {{ changed('visits') }}
    where coalesce(utm_source, utm_medium, utm_campaign) is not null
    union all
    select profile_id from {{ changed('recorded_activities') }} where activity_type = 'message_clicked'
    union all
    select profile_id from {{ changed('purchases') }}
{% endcall %}

settings as (
    select
        max(value) filter (where setting = 'touch_lookback_days') as lookback_days,
        max(value) filter (where setting = 'order_ends_touches') = 1 as is_ended_by_order
    from {{ ref('activity_settings') }}
),

touches as (
    select
        profile_id,
        session_id as touch_id,
        started_at as touched_at,
        coalesce(utm_medium, 'web') as channel,
        utm_source as touch_source,
        utm_campaign as campaign
    from {{ part(ref('visits'), ['profile_id']) }}
    where coalesce(utm_source, utm_medium, utm_campaign) is not null
    union all
    select
        profile_id,
        activity_id as touch_id,
        occurred_at as touched_at,
        coalesce(channel, 'message') as channel,
        source_system as touch_source,
        campaign_id as campaign
    from {{ part(ref('recorded_activities'), ['profile_id']) }}
    where activity_type = 'message_clicked'
),

-- A booking without anything bought is a credit note.
orders as (
    select
        profile_id,
        source_system,
        order_id,
        min(ordered_at) as ordered_at
    from {{ part(ref('purchases'), ['profile_id']) }}
    where profile_id is not null and not is_return
    group by profile_id, source_system, order_id
),

-- What led to one of two orders at one instant led to the other.
instants as (
    select
        profile_id,
        ordered_at,
        lag(ordered_at) over (partition by profile_id order by ordered_at asc nulls last)
            as ordered_before_at
    from orders
    group by profile_id, ordered_at
),

in_turn as (
    select
        orders.*,
        instants.ordered_before_at
    from orders
    inner join instants
        on
            instants.profile_id = orders.profile_id
            and instants.ordered_at = orders.ordered_at
),

within_window as (
    select
        in_turn.profile_id,
        in_turn.source_system,
        in_turn.order_id,
        in_turn.ordered_at,
        touches.channel,
        touches.touch_source,
        touches.campaign,
        touches.touched_at,
        row_number() over (
            partition by in_turn.source_system, in_turn.order_id, in_turn.profile_id
            order by touches.touched_at asc nulls last, touches.touch_id asc nulls last
        ) as place,
        count(*) over (
            partition by in_turn.source_system, in_turn.order_id, in_turn.profile_id
        ) as touch_count
    from in_turn
    cross join settings
    inner join touches
        on
            touches.profile_id = in_turn.profile_id
            and touches.touched_at <= in_turn.ordered_at
            and touches.touched_at
            >= {{ dbt.dateadd('day', '-settings.lookback_days', 'in_turn.ordered_at') }}
            and (
                not settings.is_ended_by_order
                or in_turn.ordered_before_at is null
                or touches.touched_at > in_turn.ordered_before_at
            )
),

credited as (
    select
        *,
        'first_touch' as attribution_model
    from within_window
    where place = 1
    union all
    select
        *,
        'last_touch' as attribution_model
    from within_window
    where place = touch_count
)

select
    profile_id,
    source_system,
    order_id,
    attribution_model,
    ordered_at,
    channel,
    touch_source,
    campaign,
    touched_at,
    touch_count,
    cast(1 as double) as share
from credited
