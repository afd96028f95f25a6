with

monthly_revenue as (
    select
        month_start_on,
        currency,
        order_count,
        gross_amount,
        returned_amount,
        net_amount
    from {{ ref('monthly_revenue') }}
)

select
    month_start_on,
    currency,
    order_count,
    gross_amount,
    returned_amount,
    net_amount
from monthly_revenue
