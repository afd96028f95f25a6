with

purchases as (
    select
        source_system,
        source_currency,
        order_id,
        is_return,
        source_amount,
        line_amount,
        currency,
        cost_amount
    from {{ ref('purchases') }}
),

orders as (
    select
        source_system,
        currency as source_currency,
        activity_type = 'order_cancelled' as is_cancelled,
        amount
    from {{ ref('recorded_activities') }}
    where activity_type in ('order_completed', 'order_cancelled')
),

order_totals as (
    select
        source_system,
        source_currency,
        order_id,
        count(*) as line_count,
        {{ is_order() }} as is_order,
        coalesce(sum(source_amount) filter (where not is_return), 0) as source_gross_amount,
        coalesce(-sum(source_amount) filter (where is_return), 0) as source_returned_amount,
        coalesce(sum(line_amount) filter (where not is_return), 0) as gross_amount,
        coalesce(-sum(line_amount) filter (where is_return), 0) as returned_amount,
        max(currency) as currency,
        sum(cost_amount) as cost_amount,
        sum(line_amount) filter (where cost_amount is not null) as costed_net_amount
    from purchases
    group by source_system, source_currency, order_id
),

completed as (
    select
        source_system,
        source_currency,
        count(*) filter (where is_order) as order_count,
        sum(line_count) as line_count,
        sum(source_gross_amount) as source_gross_amount,
        sum(source_returned_amount) as source_returned_amount,
        sum(gross_amount) as gross_amount,
        sum(returned_amount) as returned_amount,
        max(currency) as currency,
        sum(cost_amount) as cost_amount,
        sum(costed_net_amount) as costed_net_amount
    from order_totals
    group by source_system, source_currency
),

ordered as (
    select
        source_system,
        source_currency,
        count(*) filter (where is_cancelled) as cancelled_count,
        sum(amount) filter (where is_cancelled) as cancelled_amount,
        sum(amount) filter (where not is_cancelled) as completed_amount
    from orders
    group by source_system, source_currency
)

select
    coalesce(completed.source_system, ordered.source_system) as source_system,
    coalesce(completed.source_currency, ordered.source_currency) as source_currency,
    cast(coalesce(completed.order_count, 0) as bigint) as order_count,
    cast(coalesce(completed.line_count, 0) as bigint) as line_count,
    cast(coalesce(completed.source_gross_amount, 0) as decimal(18, 2)) as source_gross_amount,
    cast(coalesce(completed.source_returned_amount, 0) as decimal(18, 2)) as source_returned_amount,
    cast(
        coalesce(completed.source_gross_amount - completed.source_returned_amount, 0)
        as decimal(18, 2)
    ) as source_net_amount,
    cast(coalesce(ordered.cancelled_count, 0) as bigint) as cancelled_order_count,
    cast(coalesce(ordered.cancelled_amount, 0) as decimal(18, 2)) as source_cancelled_amount,
    completed.currency,
    cast(coalesce(completed.gross_amount, 0) as decimal(18, 2)) as gross_amount,
    cast(coalesce(completed.returned_amount, 0) as decimal(18, 2)) as returned_amount,
    cast(coalesce(completed.gross_amount - completed.returned_amount, 0) as decimal(18, 2)) as net_amount,
    cast(completed.cost_amount as decimal(18, 2)) as cost_amount,
    cast(completed.costed_net_amount - completed.cost_amount as decimal(18, 2)) as margin_amount,
    cast(
        coalesce(completed.gross_amount - completed.returned_amount, 0)
        - coalesce(completed.costed_net_amount, 0) as decimal(18, 2)
    ) as net_amount_without_cost,
    cast(coalesce(ordered.completed_amount, 0) as decimal(18, 2)) as source_ordered_amount
from completed
full outer join ordered
    on
        completed.source_system = ordered.source_system
        and completed.source_currency = ordered.source_currency
