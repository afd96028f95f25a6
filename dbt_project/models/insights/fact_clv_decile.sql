{{ config(materialized='daily_snapshot') }}

with

this_refresh as (
    {{ this_refresh() }}
),

deciles as (
    select
        metric,
        category_type,
        category,
        look_back,
        coalesce(decile, 0) as decile,
        metric_value
    from {{ ref('deciles') }}
),

-- There is one reporting currency; a test holds that.
currencies as (
    select min(currency) as currency
    from {{ ref('customer_attributes') }}
),

amounts as (
    select metric from {{ ref('rankings') }}
    where is_money
    group by metric
),

decile_totals as (
    select
        metric,
        category_type,
        category,
        look_back,
        decile,
        count(*) as profile_count,
        sum(metric_value) as metric_amount,
        min(metric_value) as min_amount,
        max(metric_value) as max_amount
    from deciles
    group by metric, category_type, category, look_back, decile
)

select
    this_refresh.date_key,
    this_refresh.merge_policy_id,
    decile_totals.metric,
    decile_totals.category_type,
    decile_totals.category,
    decile_totals.look_back,
    decile_totals.decile,
    cast(decile_totals.profile_count as bigint) as profile_count,
    cast(decile_totals.metric_amount as decimal(18, 2)) as metric_amount,
    case when amounts.metric is not null then currencies.currency end as currency,
    decile_totals.min_amount,
    decile_totals.max_amount
from decile_totals
cross join this_refresh
cross join currencies
left join amounts
    on amounts.metric = decile_totals.metric
