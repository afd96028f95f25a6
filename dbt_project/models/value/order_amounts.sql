with

purchases as (
    select
        profile_id,
        source_system,
        order_id,
        ordered_at,
        line_amount,
        is_return,
        currency,
        cost_amount
    from {{ ref('purchases') }}
),

order_amounts as (
    select
        profile_id,
        source_system,
        order_id,
        min(ordered_at) as ordered_at,
        cast(coalesce(sum(line_amount) filter (where not is_return), 0) as decimal(18, 2))
            as gross_amount,
        cast(coalesce(-sum(line_amount) filter (where is_return), 0) as decimal(18, 2))
            as returned_amount,
        cast(sum(line_amount) as decimal(18, 2)) as net_amount,
        min(currency) as currency,
        case
            when count(cost_amount) = count(*) then cast(sum(cost_amount) as decimal(18, 2))
        end as cost_amount
    from purchases
    group by profile_id, source_system, order_id
)

select
    profile_id,
    source_system,
    order_id,
    ordered_at,
    gross_amount,
    returned_amount,
    net_amount,
    currency,
    cost_amount,
    cast(net_amount - cost_amount as decimal(18, 2)) as margin_amount
from order_amounts
