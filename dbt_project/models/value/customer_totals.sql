{{ config(materialized='incremental', unique_key=['profile_id']) }}

with

{% call reached() %}
    select profile_id from {{ changed('purchase_days') }}
{% endcall %}

purchase_days as (
    select
        profile_id,
        case when is_purchase then bought_on end as purchased_on,
        order_count,
        first_ordered_at,
        last_ordered_at,
        returned_amount,
        net_amount,
        currency,
        margin_amount
    from {{ part(ref('purchase_days'), ['profile_id']) }}
),

-- There is one reporting currency, so any row says it; a test of profile holds that. One row always,
-- as a customer needs one.
reporting as (
    select (select currency from purchase_days limit 1) as currency -- noqa: AM09
),

-- Gross is net and returned together, per day and so in sum: where the
-- profiles are more than memory holds this grouping spills, and each further sum spills with it.
profile_sums as (
    select
        profile_id,
        sum(order_count) as order_count,
        count(purchased_on) as purchase_count,
        cast(sum(returned_amount) as decimal(18, 2)) as returned_amount,
        cast(sum(net_amount) as decimal(18, 2)) as net_amount,
        min(first_ordered_at) as first_ordered_at,
        max(last_ordered_at) as last_ordered_at,
        max(purchased_on) as last_purchased_on,
        case
            when count(margin_amount) = count(*) then cast(sum(margin_amount) as decimal(18, 2))
        end as margin_amount
    from purchase_days
    group by profile_id
)

select
    profile_sums.profile_id,
    cast(profile_sums.order_count as bigint) as order_count,
    cast(profile_sums.net_amount + profile_sums.returned_amount as decimal(18, 2)) as gross_amount,
    profile_sums.returned_amount,
    profile_sums.net_amount,
    profile_sums.first_ordered_at,
    profile_sums.last_ordered_at,
    reporting.currency,
    profile_sums.margin_amount,
    cast(profile_sums.purchase_count as bigint) as purchase_count,
    profile_sums.last_purchased_on
from profile_sums
cross join reporting
-- A look-up of a person then reads the row groups only that the id can be in.
order by profile_sums.profile_id
