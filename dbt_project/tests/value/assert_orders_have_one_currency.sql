-- Amounts of different currencies must not be added. Remedy: convert to one reporting currency in
-- the staging models of orders and order lines, with the rate of the order's day, and say so there.
with

currencies as (
    select
        coalesce(currency, 'none') as currency,
        count(*) as line_count
    from {{ ref('purchases') }}
    group by coalesce(currency, 'none')
),

currency_counts as (
    select
        currency,
        line_count,
        count(*) over () as currency_count
    from currencies
)

select
    currency,
    line_count
from currency_counts
where currency_count > 1
