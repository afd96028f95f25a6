with

orders as (
    select
        source_system,
        order_id
    from {{ ref('orders') }}
),

accepted as (
    {{ union_staged('order_lines', [
        'source_system', 'order_id', 'line_number', 'product_id', 'quantity',
        'line_amount', 'currency', 'is_return', 'booked_at', 'source_file'
    ]) }}
)

-- A line whose order is not accepted is in quarantine.set_aside_rows.
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
semi join orders using (source_system, order_id)
