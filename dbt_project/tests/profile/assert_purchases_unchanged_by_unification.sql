-- Every line of a completed order whose customer is named is somebody's, and every other one nobody's,
-- with its amount in its currency; a product that two rows describe, a customer whom two profiles
-- claim or a rate given twice would double it.
with

conformed as (
    select
        order_lines.source_system,
        order_lines.currency,
        orders.source_record_id is not null as is_somebodys,
        count(*) as line_count,
        coalesce(sum(order_lines.line_amount), 0) as line_amount
    from {{ ref('order_lines') }} as order_lines
    inner join {{ ref('orders') }} as orders
        on
            orders.source_system = order_lines.source_system
            and orders.order_id = order_lines.order_id
    where orders.status = 'completed'
    group by
        order_lines.source_system, order_lines.currency, orders.source_record_id is not null
),

unified as (
    select
        source_system,
        source_currency as currency,
        profile_id is not null as is_somebodys,
        count(*) as line_count,
        coalesce(sum(source_amount), 0) as line_amount
    from {{ ref('purchases') }}
    group by source_system, source_currency, profile_id is not null
)

select
    coalesce(conformed.source_system, unified.source_system) as source_system,
    coalesce(conformed.currency, unified.currency) as currency,
    conformed.line_count as conformed_line_count,
    unified.line_count,
    conformed.line_amount as conformed_line_amount,
    unified.line_amount
from conformed
full outer join unified
    on
        conformed.source_system = unified.source_system
        and conformed.currency = unified.currency
        and conformed.is_somebodys = unified.is_somebodys
where
    conformed.line_count is distinct from unified.line_count
    or conformed.line_amount is distinct from unified.line_amount
