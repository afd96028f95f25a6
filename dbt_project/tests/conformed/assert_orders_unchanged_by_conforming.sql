-- The same orders and the same money before and after: revenue is promised equal at every layer,
-- and the promise starts here. What lies after the clock waits.
with

staged as (
    {{ union_staged('orders', [
        'source_system', 'order_id', 'status', 'currency', 'gross_amount', 'ordered_at'
    ]) }}
),

compared as (
    select
        source_system,
        status,
        currency,
        gross_amount,
        1 as order_count
    from staged
    where
        not {{ is_after_clock('ordered_at') }}
        and (source_system, order_id) not in ({{ paid_elsewhere() }})
    union all
    select
        source_system,
        status,
        currency,
        -gross_amount as gross_amount,
        -1 as order_count
    from {{ ref('orders') }}
)

select
    source_system,
    status,
    currency,
    sum(order_count) as orders_lost,
    sum(gross_amount) as amount_lost
from compared
group by source_system, status, currency
having sum(order_count) <> 0 or sum(gross_amount) <> 0
