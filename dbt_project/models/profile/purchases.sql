with

order_lines as (
    select * from {{ ref('order_lines') }}
),

completed_orders as (
    select * from {{ ref('orders') }}
    where status = 'completed'
),

products as (
    select * from {{ ref('products') }}
),

identity_map as (
    select * from {{ ref('identity_map') }}
)

select
    identity_map.profile_id,
    order_lines.source_system,
    order_lines.order_id,
    order_lines.line_number,
    products.category as product_category,
    order_lines.booked_at,
    completed_orders.ordered_at,
    order_lines.quantity,
    order_lines.line_amount,
    order_lines.is_return,
    order_lines.currency
from order_lines
inner join completed_orders
    on
        completed_orders.source_system = order_lines.source_system
        and completed_orders.order_id = order_lines.order_id
-- Left: an order whose customer or product is unknown keeps its money.
left join identity_map
    on
        identity_map.source_system = completed_orders.source_system
        and identity_map.source_record_id = completed_orders.source_record_id
left join products
    on
        products.source_system = order_lines.source_system
        and products.product_id = order_lines.product_id
