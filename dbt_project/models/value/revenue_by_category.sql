with

purchases as (
    select
        profile_id,
        coalesce(product_category, 'Unknown') as product_category,
        source_system,
        order_id,
        line_amount,
        currency
    from {{ ref('purchases') }}
),

-- Grouping twice counts the orders of a category without a distinct set per customer.
category_orders as (
    select
        profile_id,
        product_category,
        source_system,
        order_id,
        sum(line_amount) as net_amount,
        min(currency) as currency
    from purchases
    group by profile_id, product_category, source_system, order_id
),

category_totals as (
    select
        profile_id,
        product_category,
        cast(count(*) as bigint) as order_count,
        cast(sum(net_amount) as decimal(18, 2)) as net_amount,
        min(currency) as currency
    from category_orders
    group by profile_id, product_category
)

select
    profile_id,
    product_category,
    order_count,
    net_amount,
    currency
from category_totals
