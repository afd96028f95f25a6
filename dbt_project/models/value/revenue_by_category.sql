{{ config(materialized='incremental', unique_key=['profile_id']) }}

with

{% call reached() %}
    select profile_id from {{ changed('purchases') }}
{% endcall %}

purchases as (
    select
        profile_id,
        coalesce(product_category, 'Unknown') as product_category,
        source_system,
        order_id,
        line_amount,
        is_return,
        currency
    from {{ part(ref('purchases'), ['profile_id']) }}
    where profile_id is not null
),

-- There is one reporting currency; a test of profile holds that.
reporting as (
    select max(currency) as currency
    from purchases
),

-- Grouping twice counts the orders of a category without a distinct set per customer.
category_orders as (
    select
        profile_id,
        product_category,
        source_system,
        order_id,
        {{ is_order() }} as is_order,
        sum(line_amount) as net_amount
    from purchases
    group by profile_id, product_category, source_system, order_id
),

category_totals as (
    select
        profile_id,
        product_category,
        cast(count(*) filter (where is_order) as bigint) as order_count,
        cast(sum(net_amount) as decimal(18, 2)) as net_amount
    from category_orders
    group by profile_id, product_category
)

select
    category_totals.profile_id,
    category_totals.product_category,
    category_totals.order_count,
    category_totals.net_amount,
    reporting.currency
from category_totals
cross join reporting
