{{ config(materialized='view') }}

with

inputs as (
    select * from {{ ref('clv_inputs') }}
),

scores as (
    select * from {{ ref('clv_scores') }}
),

settings as (
    select
        max(case when setting = 'horizon_months' then value end) as horizon_months,
        max(case when setting = 'holdout_months' then value end) as holdout_months,
        max(case when setting = 'active_window_months' then value end) as active_window_months
    from {{ ref('clv_settings') }}
),

spending as (
    select
        split,
        max(case when parameter = 'p' then value end) as p,
        max(case when parameter = 'q' then value end) as q,
        max(case when parameter = 'gamma' then value end) as gamma
    from {{ ref('clv_parameters') }}
    where model = 'gamma_gamma'
    group by split
),

weighted as (
    select
        *,
        frequency + 1 as purchase_count,
        case when net_amount > 0 then net_amount else cast(0 as decimal(18, 2)) end as past_amount,
        -- Bought last week counts twice as much as bought two weeks ago; the order is what matters.
        cast(
            1 / (1 + cast(age_days - recency_days as double) / 7) as decimal(18, 9)
        ) as recency_weight
    from inputs
),

-- Methods that only rank share out what won customers brought in as many months before.
totals as (
    select
        weighted.split,
        cast(case when sum(recent_amount) > 0 then sum(recent_amount) else 0 end as double)
            as recent_amount,
        cast(sum(past_amount) as double) as past_amount,
        cast(sum(purchase_count) as double) as purchase_count,
        cast(sum(recency_weight) as double) as recency_weight,
        coalesce(
            cast(count(*) filter (where bought_in_window and bought_in_earlier_window) as double)
            / nullif(count(*) filter (where bought_in_earlier_window), 0),
            cast(count(*) filter (where bought_in_window) as double) / count(*)
        ) as retention_rate,
        max(
            case
                when weighted.split = 'refresh' then settings.horizon_months
                else settings.holdout_months
            end / settings.active_window_months
        ) as windows_ahead
    from weighted
    cross join settings
    group by weighted.split
),

amounts as (
    select
        weighted.*,
        totals.recent_amount * weighted.past_amount / nullif(totals.past_amount, 0)
            as past_revenue_amount,
        totals.recent_amount * weighted.purchase_count / nullif(totals.purchase_count, 0)
            as past_frequency_amount,
        totals.recent_amount * weighted.recency_weight / nullif(totals.recency_weight, 0)
            as recency_amount,
        -- The reference systems' baseline: what a month brought goes on for those who stay.
        case when weighted.window_amount > 0 then weighted.window_amount else 0 end
        * totals.windows_ahead * totals.retention_rate as baseline_amount,
        spending.p * (spending.gamma + weighted.frequency * coalesce(weighted.mean_repeat_amount, 0))
        / (spending.p * weighted.frequency + spending.q - 1) as purchase_amount
    from weighted
    inner join totals
        on weighted.split = totals.split
    left join spending
        on weighted.split = spending.split
)

select
    amounts.profile_id,
    amounts.split,
    amounts.future_purchase_count,
    amounts.future_amount,
    amounts.purchase_amount,
    {%- for model in clv_fitted_methods() %}
        scores.{{ model }}_alive as {{ model }}_gamma_gamma_alive,
        scores.{{ model }}_purchases as {{ model }}_gamma_gamma_purchases,
        scores.{{ model }}_discounted * amounts.purchase_amount as {{ model }}_gamma_gamma_amount,
    {%- endfor %}
    amounts.past_revenue_amount,
    amounts.past_frequency_amount,
    amounts.recency_amount,
    amounts.baseline_amount
from amounts
left join scores
    on
        amounts.split = scores.split
        and amounts.frequency = scores.frequency
        and amounts.recency_days = scores.recency_days
        and amounts.age_days = scores.age_days
