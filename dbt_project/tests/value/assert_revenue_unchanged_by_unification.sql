-- Counting revenue by customer, month, category, currency or group never makes or loses any: orders,
-- gross, returned and net are the same in the purchases and in every table of value; tables of people
-- leave out what is nobody's. That purchases hold every line of the orders is a test of profile.
with

booked_orders as (
    select
        source_system,
        order_id,
        count(profile_id) > 0 as is_somebodys,
        count(*) filter (where not is_return) > 0 as is_order,
        sum(case when is_return then cast(0 as decimal(18, 2)) else line_amount end) as gross_amount,
        sum(line_amount) as net_amount
    from {{ ref('purchases') }}
    group by source_system, order_id
),

expected as (
    select
        'everything' as scope,
        count(*) filter (where is_order) as order_count,
        coalesce(sum(gross_amount), 0) as gross_amount,
        coalesce(sum(net_amount), 0) as net_amount
    from booked_orders
    union all
    select
        'people' as scope,
        count(*) filter (where is_order) as order_count,
        coalesce(sum(gross_amount), 0) as gross_amount,
        coalesce(sum(net_amount), 0) as net_amount
    from booked_orders
    where is_somebodys
),

found as (
    select
        'order_amounts' as table_name,
        count(*) filter (where is_order) as order_count,
        coalesce(sum(gross_amount), 0) as gross_amount,
        coalesce(sum(net_amount), 0) as net_amount
    from {{ ref('order_amounts') }}
    union all
    select
        'customer_attributes' as table_name,
        coalesce(sum(order_count), 0) as order_count,
        coalesce(sum(gross_amount), 0) as gross_amount,
        coalesce(sum(net_amount), 0) as net_amount
    from {{ ref('customer_attributes') }}
    union all
    select
        'monthly_revenue' as table_name,
        coalesce(sum(order_count), 0) as order_count,
        coalesce(sum(gross_amount), 0) as gross_amount,
        coalesce(sum(net_amount), 0) as net_amount
    from {{ ref('monthly_revenue') }}
    union all
    select
        'period_measures' as table_name,
        coalesce(sum(transaction_count), 0) as order_count,
        null as gross_amount,
        coalesce(sum(total_transaction_value), 0) as net_amount
    from {{ ref('period_measures') }}
    where look_back = 'lifetime'
    union all
    select
        'revenue_by_currency' as table_name,
        null as order_count,
        coalesce(sum(gross_amount), 0) as gross_amount,
        coalesce(sum(net_amount), 0) as net_amount
    from {{ ref('revenue_by_currency') }}
    union all
    select
        'customer_lifetime_value' as table_name,
        coalesce(sum(order_count), 0) as order_count,
        null as gross_amount,
        coalesce(sum(historical_clv_amount), 0) as net_amount
    from {{ ref('customer_lifetime_value') }}
    union all
    select
        'revenue_by_category' as table_name,
        null as order_count,
        null as gross_amount,
        coalesce(sum(net_amount), 0) as net_amount
    from {{ ref('revenue_by_category') }}
    union all
    select
        'rfm' as table_name,
        null as order_count,
        null as gross_amount,
        coalesce(sum(monetary_amount), 0) as net_amount
    from {{ ref('rfm') }}
    union all
    select
        'deciles' as table_name,
        null as order_count,
        null as gross_amount,
        coalesce(sum(metric_value), 0) as net_amount
    from {{ ref('deciles') }}
    where metric = 'net_revenue' and category_type = 'loyalty_tier' and look_back = 'lifetime'
)

select
    found.table_name,
    expected.order_count as expected_order_count,
    found.order_count,
    expected.gross_amount as expected_gross_amount,
    found.gross_amount,
    expected.net_amount as expected_net_amount,
    found.net_amount
from found
inner join expected
    on expected.scope = case
        when found.table_name in ('order_amounts', 'monthly_revenue', 'revenue_by_currency')
            then 'everything'
        else 'people'
    end
where
    found.order_count <> expected.order_count
    or found.gross_amount <> expected.gross_amount
    or found.net_amount <> expected.net_amount
