with

refresh_period as (
    select as_of_on
    from {{ ref('refresh_period') }}
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
    refresh_period.as_of_on as date_key,
    decile_totals.method,
    decile_totals.decile,
    decile_totals.horizon_months,
    cast(decile_totals.profile_count as bigint) as profile_count,
    cast(decile_totals.high_value_profile_count as bigint) as high_value_profile_count,
    cast(decile_totals.historical_amount as decimal(18, 2)) as historical_amount,
    cast(decile_totals.predicted_amount as decimal(18, 2)) as predicted_amount,
    cast(decile_totals.expected_purchase_count as decimal(18, 2)) as expected_purchase_count,
    decile_totals.currency
from decile_totals
cross join refresh_period
