{{ config(materialized='daily_snapshot') }}

with

this_refresh as (
    {{ this_refresh() }}
),

customer_lifetime_value as (
    select
        method,
        -- As in the other facts, 0 is the decile of those who have none.
        coalesce(predicted_decile, 0) as decile,
        horizon_months,
        currency,
        is_high_value,
        historical_clv_amount,
        predicted_clv_amount,
        expected_purchase_count
    from {{ ref('customer_lifetime_value') }}
),

-- How the method in use did at its backtests, in the same row as what it predicts.
backtest as (
    select * from {{ ref('clv_backtest') }}
    where
        is_champion
        and version in (select fitted.version from {{ ref('clv_parameters') }} as fitted)
),

decile_totals as (
    select
        method,
        decile,
        horizon_months,
        currency,
        count(*) as profile_count,
        count(case when is_high_value then 1 end) as high_value_profile_count,
        sum(historical_clv_amount) as historical_amount,
        sum(predicted_clv_amount) as predicted_amount,
        -- Rounded per customer, so that the sum does not depend on the order of adding.
        sum(cast(expected_purchase_count as decimal(18, 6))) as expected_purchase_count
    from customer_lifetime_value
    group by method, decile, horizon_months, currency
)

select
    this_refresh.date_key,
    this_refresh.merge_policy_id,
    decile_totals.method,
    decile_totals.decile,
    decile_totals.horizon_months,
    cast(decile_totals.profile_count as bigint) as profile_count,
    cast(decile_totals.high_value_profile_count as bigint) as high_value_profile_count,
    cast(decile_totals.historical_amount as decimal(18, 2)) as historical_amount,
    cast(decile_totals.predicted_amount as decimal(18, 2)) as predicted_amount,
    cast(decile_totals.expected_purchase_count as decimal(18, 2)) as expected_purchase_count,
    decile_totals.currency,
    backtest.grade,
    cast(backtest.bias as double) as bias,
    cast(backtest.lowest_bias as double) as lowest_bias,
    cast(backtest.highest_bias as double) as highest_bias,
    cast(backtest.claimed_coverage as double) as claimed_coverage,
    cast(backtest.measured_coverage as double) as measured_coverage,
    backtest.coverage_holds,
    cast(backtest.top_decile_share as double) as top_decile_share,
    backtest.is_better_than_chance
from decile_totals
cross join this_refresh
left join backtest
    on decile_totals.method = backtest.model
