{{ config(materialized='daily_snapshot') }}

{%- set key = 'steps.method, steps.decile' %}

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

cells as (
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
        sum(cast(expected_purchase_count as decimal(18, 6))) as expected_purchase_count,
        max(abs(historical_clv_amount)) as largest_historical,
        max(abs(predicted_clv_amount)) as largest_predicted,
        max(cast(expected_purchase_count as decimal(18, 2))) as largest_purchase_count
    from customer_lifetime_value
    group by method, decile, horizon_months, currency
),

pooled_cells as (
    select
        *,
        {{ is_pooled(
            'profile_count < ' ~ minimum_cell_size(), 'profile_count', [], 'decile desc, method'
        ) }} as is_pooled
    from cells
),

-- Who goes into the rest goes under the method that predicts, if anything is predicted.
decile_totals as (
    select
        case when is_pooled then -1 else decile end as decile,
        coalesce(min(case when predicted_amount is not null then method end), min(method)) as method,
        max(horizon_months) as horizon_months,
        max(currency) as currency,
        sum(profile_count) as profile_count,
        sum(high_value_profile_count) as high_value_profile_count,
        sum(historical_amount) as historical_amount,
        sum(predicted_amount) as predicted_amount,
        sum(expected_purchase_count) as expected_purchase_count,
        max(largest_historical) as largest_historical,
        max(largest_predicted) as largest_predicted,
        max(largest_purchase_count) as largest_purchase_count
    from pooled_cells
    group by case when is_pooled then -1 else decile end, case when is_pooled then '' else method end
    having sum(profile_count) >= {{ minimum_cell_size() }}
),

steps as (
    select
        *,
        {{ rounding_step('largest_historical', []) }} as historical_step,
        {{ rounding_step('largest_predicted', []) }} as predicted_step,
        {{ rounding_step('largest_purchase_count', []) }} as purchase_step
    from decile_totals
)

select
    this_refresh.date_key,
    this_refresh.merge_policy_id,
    steps.method,
    cast(steps.decile as int) as decile,
    steps.horizon_months,
    cast(steps.profile_count as bigint) as profile_count,
    {{ unless_small('steps.high_value_profile_count') }} as high_value_profile_count,
    {{ controlled_rounding('steps.historical_amount', 'steps.historical_step', [], key) }}
        as historical_amount,
    {{ controlled_rounding('steps.predicted_amount', 'steps.predicted_step', [], key) }}
        as predicted_amount,
    {{ controlled_rounding('steps.expected_purchase_count', 'steps.purchase_step', [], key) }}
        as expected_purchase_count,
    steps.currency,
    backtest.grade,
    cast(backtest.bias as double) as bias,
    cast(backtest.lowest_bias as double) as lowest_bias,
    cast(backtest.highest_bias as double) as highest_bias,
    cast(backtest.claimed_coverage as double) as claimed_coverage,
    cast(backtest.measured_coverage as double) as measured_coverage,
    backtest.coverage_holds,
    cast(backtest.top_decile_share as double) as top_decile_share,
    backtest.is_better_than_chance
from steps
cross join this_refresh
left join backtest
    on steps.method = backtest.model
