-- Splitting histories in two loses and invents nothing: at the refresh, and at the last backtest where
-- it ends there, past and future add up to what the same people's orders came to, and every candidate
-- is judged on the same customers and the same spending. Past value is that of the orders, predicted
-- or not.
with

order_totals as (
    select
        profile_id,
        sum(net_amount) as net_amount
    from {{ ref('order_amounts') }}
    where profile_id is not null
    group by profile_id
),

split_totals as (
    select
        inputs.profile_id,
        inputs.split as what,
        order_totals.net_amount as expected,
        inputs.net_amount + coalesce(inputs.future_amount, 0) as found
    from {{ ref('clv_inputs') }} as inputs
    inner join {{ ref('clv_splits') }} as splits
        on inputs.split = splits.split
    cross join {{ ref('refresh_period') }} as refresh_period
    left join order_totals
        on inputs.profile_id = order_totals.profile_id
    where inputs.split = 'refresh' or splits.until_on = refresh_period.as_of_on
),

candidate_totals as (
    select
        model,
        sum(customer_count) as customer_count,
        sum(actual_amount) as actual_amount
    from {{ ref('clv_calibration') }}
    group by model
),

value_totals as (
    select
        sum(historical_clv_amount) as found,
        (select sum(net_amount) from order_totals) as expected
    from {{ ref('customer_lifetime_value') }}
)

select
    'a person at ' || what as what,
    expected,
    found
from split_totals
where expected is distinct from found
union all
select
    'candidates differ in what they are judged on' as what,
    min(actual_amount) as expected,
    max(actual_amount) as found
from candidate_totals
having min(actual_amount) <> max(actual_amount) or min(customer_count) <> max(customer_count)
union all
select
    'past value' as what,
    expected,
    found
from value_totals
where expected is distinct from found
