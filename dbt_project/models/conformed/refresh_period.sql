with

latest_instants as (
    select max(ordered_at) as latest_at from {{ ref('orders') }}
    union all
    select max(booked_at) from {{ ref('order_lines') }}
    union all
    select max(occurred_at) from {{ ref('events') }}
    union all
    select max(occurred_at) from {{ ref('message_events') }}
),

latest_update as (
    select max(updated_at) as latest_at from {{ ref('customer_records') }}
),

-- Customers without any activity still need a clock, and so does an empty warehouse.
as_of as (
    select coalesce(
        (select max(latest_at) from latest_instants),
        (select latest_at from latest_update),
        timestamp '1970-01-01 00:00:00'
    ) as as_of_at
)

select
    as_of_at,
    cast(as_of_at as date) as as_of_on,
    cast({{ dbt.date_trunc('month', 'as_of_at') }} as date) as month_start_on
from as_of
