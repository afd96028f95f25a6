-- Every line of a completed order is somebody's, with its amount; a product that two rows describe
-- or a customer whom two profiles claim would double it.
with

conformed as (
    select
        count(*) as line_count,
        coalesce(sum(order_lines.line_amount), 0) as line_amount
    from {{ ref('order_lines') }} as order_lines
    inner join {{ ref('orders') }} as orders
        on
            orders.source_system = order_lines.source_system
            and orders.order_id = order_lines.order_id
    where orders.status = 'completed'
),

unified as (
    select
        count(*) as line_count,
        coalesce(sum(line_amount), 0) as line_amount
    from {{ ref('purchases') }}
    where profile_id is not null
)

select
    conformed.line_count as conformed_line_count,
    unified.line_count,
    conformed.line_amount as conformed_line_amount,
    unified.line_amount
from conformed
cross join unified
where
    conformed.line_count <> unified.line_count
    or conformed.line_amount <> unified.line_amount
