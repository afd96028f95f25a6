{{ config(materialized='incremental', unique_key=['profile_id']) }}

with

{% call reached() %}
    select profile_id from {{ changed('recorded_activities') }}
    union all
    select profile_id from {{ changed('purchases') }}
{% endcall %}

activities as (
    select * from {{ part(ref('recorded_activities'), ['profile_id']) }}
    where profile_id is not null
),

purchases as (
    select * from {{ part(ref('purchases'), ['profile_id']) }}
    where profile_id is not null and not is_return
),

orders as (
    select
        profile_id,
        count(*) as order_count,
        min(occurred_at) as first_ordered_at,
        max(occurred_at) as last_ordered_at
    from activities
    where activity_type = 'order_completed'
    group by profile_id
),

-- What a person does; a message that is sent says nothing of what they like.
own_activities as (
    select
        activities.profile_id,
        activities.occurred_at,
        coalesce(activities.channel, activity_channels.channel) as channel,
        activity_channels.weight
    from activities
    inner join {{ ref('activity_channels') }} as activity_channels
        on activity_channels.activity_type = activities.activity_type
),

preferred_channels as (
    select
        profile_id,
        channel
    from own_activities
    group by profile_id, channel
    qualify row_number() over (
        partition by profile_id
        order by sum(weight) desc, max(occurred_at) desc, channel asc
    ) = 1
),

preferred_hours as (
    select
        profile_id,
        extract(hour from occurred_at) as hour_of_day
    from own_activities
    group by profile_id, extract(hour from occurred_at)
    qualify row_number() over (
        partition by profile_id
        order by count(*) desc, max(occurred_at) desc, extract(hour from occurred_at) asc
    ) = 1
),

-- Ten of one kind in an order are one wish.
category_orders as (
    select
        profile_id,
        product_category,
        ordered_at,
        sum(line_amount) as line_amount
    from purchases
    where product_category is not null
    group by profile_id, product_category, source_system, order_id, ordered_at
),

preferred_categories as (
    select
        profile_id,
        product_category
    from category_orders
    group by profile_id, product_category
    qualify row_number() over (
        partition by profile_id
        order by count(*) desc, sum(line_amount) desc, max(ordered_at) desc, product_category asc
    ) = 1
),

people as (
    select profile_id from orders
    union distinct
    select profile_id from preferred_hours
    union distinct
    select profile_id from preferred_categories
)

select
    people.profile_id,
    cast(coalesce(orders.order_count, 0) as bigint) as order_count,
    orders.first_ordered_at,
    orders.last_ordered_at,
    preferred_channels.channel as preferred_channel,
    preferred_categories.product_category as preferred_category,
    cast(preferred_hours.hour_of_day as int) as preferred_hour
from people
left join orders
    on orders.profile_id = people.profile_id
left join preferred_channels
    on preferred_channels.profile_id = people.profile_id
left join preferred_categories
    on preferred_categories.profile_id = people.profile_id
left join preferred_hours
    on preferred_hours.profile_id = people.profile_id
-- A look-up of a person then reads the row groups only that the id can be in.
order by people.profile_id
