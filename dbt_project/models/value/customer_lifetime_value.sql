with

customer_attributes as (
    select
        profile_id,
        net_amount,
        currency,
        first_ordered_at,
        last_ordered_at,
        order_count
    from {{ ref('customer_attributes') }}
)

select
    profile_id,
    net_amount as historical_clv_amount,
    currency,
    first_ordered_at,
    last_ordered_at,
    order_count,
    'historical_net_revenue' as method
from customer_attributes
