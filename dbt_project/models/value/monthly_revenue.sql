with

purchases as (
    select
        cast({{ dbt.date_trunc('month', 'booked_at') }} as date) as month_start_on,
        line_amount,
        is_return,
        currency
    from {{ ref('purchases') }}
),

order_amounts as (
    select
        cast({{ dbt.date_trunc('month', 'ordered_at') }} as date) as month_start_on,
        currency
    from {{ ref('order_amounts') }}
    where is_order
),

-- An order counts in the month it was placed (a credit note is none), a line in the month it was
-- booked: a return lowers the month of the return, and months that were reported once do not change
-- again.
monthly_orders as (
    select
        month_start_on,
        currency,
        count(*) as order_count,
        cast(0 as decimal(18, 2)) as gross_amount,
        cast(0 as decimal(18, 2)) as returned_amount
    from order_amounts
    group by month_start_on, currency
),

monthly_lines as (
    select
        month_start_on,
        currency,
        0 as order_count,
        cast(coalesce(sum(line_amount) filter (where not is_return), 0) as decimal(18, 2))
            as gross_amount,
        cast(coalesce(-sum(line_amount) filter (where is_return), 0) as decimal(18, 2))
            as returned_amount
    from purchases
    group by month_start_on, currency
),

months as (
    select
        month_start_on,
        currency,
        order_count,
        gross_amount,
        returned_amount
    from monthly_orders
    union all
    select
        month_start_on,
        currency,
        order_count,
        gross_amount,
        returned_amount
    from monthly_lines
),

monthly_revenue as (
    select
        month_start_on,
        currency,
        cast(sum(order_count) as bigint) as order_count,
        cast(sum(gross_amount) as decimal(18, 2)) as gross_amount,
        cast(sum(returned_amount) as decimal(18, 2)) as returned_amount
    from months
    group by month_start_on, currency
)

select
    month_start_on,
    currency,
    order_count,
    gross_amount,
    returned_amount,
    cast(gross_amount - returned_amount as decimal(18, 2)) as net_amount
from monthly_revenue
