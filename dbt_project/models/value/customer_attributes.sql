{#- A view: what depends on the day is worked out where it is read, so that no row of a customer
    who buys nothing changes. -#}
{{ config(materialized='view') }}

with

customer_totals as (
    select * from {{ ref('customer_totals') }}
),

refresh_period as (
    select as_of_on
    from {{ ref('refresh_period') }}
)

select
    customer_totals.profile_id,
    customer_totals.order_count,
    customer_totals.gross_amount,
    customer_totals.returned_amount,
    customer_totals.net_amount,
    cast(
        cast(customer_totals.gross_amount as double) / nullif(customer_totals.order_count, 0)
        as decimal(18, 2)
    ) as average_order_amount,
    customer_totals.first_ordered_at,
    customer_totals.last_ordered_at,
    cast(
        {{ dbt.datediff('cast(customer_totals.last_ordered_at as date)', 'refresh_period.as_of_on', 'day') }}
        as bigint
    ) as days_since_last_order,
    customer_totals.currency,
    customer_totals.margin_amount,
    customer_totals.purchase_count,
    customer_totals.last_purchased_on,
    cast(
        {{ dbt.datediff('customer_totals.last_purchased_on', 'refresh_period.as_of_on', 'day') }} as bigint
    ) as days_since_last_purchase
from customer_totals
cross join refresh_period
