{{ config(materialized='daily_snapshot') }}

with

this_refresh as (
    {{ this_refresh() }}
),

-- There is one reporting currency; a test holds that.
currencies as (
    select min(currency) as currency
    from {{ ref('customer_attributes') }}
),

rfm_totals as (
    select
        rfm_segment,
        count(*) as profile_count,
        sum(monetary_amount) as net_amount
    from {{ ref('rfm') }}
    group by rfm_segment
)

select
    this_refresh.date_key,
    this_refresh.merge_policy_id,
    rfm_totals.rfm_segment,
    cast(rfm_totals.profile_count as bigint) as profile_count,
    cast(rfm_totals.net_amount as decimal(18, 2)) as net_amount,
    currencies.currency
from rfm_totals
cross join this_refresh
cross join currencies
