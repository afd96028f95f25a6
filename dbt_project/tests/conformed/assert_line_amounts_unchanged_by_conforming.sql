-- Gross revenue and returns of all accepted orders arrive to the cent; only lines without an
-- accepted order, and what lies after the clock, stay behind, and those are counted in the quarantine.
with

staged as (
    {{ union_staged('order_lines', [
        'source_system', 'order_id', 'is_return', 'line_amount', 'booked_at'
    ]) }}
),

staged_orders as (
    {{ union_staged('orders', ['source_system', 'order_id', 'ordered_at']) }}
),

compared as (
    select
        staged.source_system,
        staged.is_return,
        staged.line_amount,
        1 as line_count
    from staged
    where
        not {{ is_after_clock('staged.booked_at') }}
        and (staged.source_system, staged.order_id) not in ({{ paid_elsewhere() }})
        and exists (
            select 1
            from staged_orders
            where
                staged_orders.source_system = staged.source_system
                and staged_orders.order_id = staged.order_id
                and not {{ is_after_clock('staged_orders.ordered_at') }}
        )
    union all
    select
        source_system,
        is_return,
        -line_amount as line_amount,
        -1 as line_count
    from {{ ref('order_lines') }}
)

select
    source_system,
    is_return,
    sum(line_count) as lines_lost,
    sum(line_amount) as amount_lost
from compared
group by source_system, is_return
having sum(line_count) <> 0 or sum(line_amount) <> 0
