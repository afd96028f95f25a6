{{ config(materialized='incremental', unique_key=['source_system', 'order_id']) }}

with

{% call reached() %}
    select source_system, order_id from {{ changed('purchases') }}
{% endcall %}

purchases as (
    select
        profile_id,
        source_system,
        order_id,
        ordered_at,
        quantity,
        line_amount,
        is_return,
        currency,
        source_amount,
        cost_amount
    from {{ part(ref('purchases'), ['source_system', 'order_id']) }}
),

-- There is one reporting currency; a test of profile holds that.
reporting as (
    select max(currency) as currency
    from purchases
),

order_amounts as (
    select
        profile_id,
        source_system,
        order_id,
        min(ordered_at) as ordered_at,
        {{ is_order() }} as is_order,
        -- As it was booked: converted at the rate of another day, what came back in full may leave a
        -- few cents. Goods given away are kept unless they came back too.
        {{ is_order() }} and (
            sum(source_amount) > 0
            or (
                sum(quantity) > 0
                and coalesce(sum(source_amount) filter (where is_return), 0) = 0
            )
        ) as is_kept,
        cast(coalesce(sum(line_amount) filter (where not is_return), 0) as decimal(18, 2))
            as gross_amount,
        cast(coalesce(-sum(line_amount) filter (where is_return), 0) as decimal(18, 2))
            as returned_amount,
        cast(sum(line_amount) as decimal(18, 2)) as net_amount,
        case
            when count(cost_amount) = count(*) then cast(sum(cost_amount) as decimal(18, 2))
        end as cost_amount
    from purchases
    group by profile_id, source_system, order_id
)

select
    order_amounts.profile_id,
    order_amounts.source_system,
    order_amounts.order_id,
    order_amounts.ordered_at,
    order_amounts.is_order,
    order_amounts.is_kept,
    order_amounts.gross_amount,
    order_amounts.returned_amount,
    order_amounts.net_amount,
    reporting.currency,
    order_amounts.cost_amount,
    cast(order_amounts.net_amount - order_amounts.cost_amount as decimal(18, 2)) as margin_amount
from order_amounts
cross join reporting
