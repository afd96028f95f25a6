{{
    config(
        materialized='incremental',
        unique_key=['source_system', 'order_id'],
        meta={'reaches_through': ['refresh_period']}
    )
}}

with

{% call reached() %}
    {{ changed_staged('order_lines', ['source_system', 'order_id']) }}
    union all
    {{ passed_by_clock('order_lines', ['source_system', 'order_id'], 'booked_at') }}
    union all
    select source_system, order_id from {{ changed('orders') }}
{% endcall %}

orders as (
    select
        source_system,
        order_id
    from {{ part(ref('orders'), ['source_system', 'order_id']) }}
),

accepted as (
    {{ union_staged('order_lines', [
        'source_system', 'order_id', 'line_number', 'product_id', 'quantity',
        'line_amount', 'currency', 'is_return', 'booked_at', 'source_file'
    ], key=['source_system', 'order_id']) }}
)

-- A line whose order is not accepted or after the clock, or that is booked after the clock, is in
-- quarantine.set_aside_rows.
select
    source_system,
    order_id,
    line_number,
    product_id,
    quantity,
    line_amount,
    currency,
    is_return,
    booked_at,
    source_file
from accepted
where
    not {{ is_after_clock('booked_at') }}
    and exists (
        select 1
        from orders
        where
            orders.source_system = accepted.source_system
            and orders.order_id = accepted.order_id
    )
