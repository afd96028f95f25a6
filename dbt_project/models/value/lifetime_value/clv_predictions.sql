{{ config(materialized='view') }}

with

inputs as (
    select * from {{ ref('clv_inputs') }}
),

scores as (
    select * from {{ ref('clv_scores') }}
),

splits as (
    select
        split,
        months_ahead / active_window_months as windows_ahead
    from {{ ref('clv_splits') }}
),

-- The purchase model that explains the last backtest's customers best; the NBD, which has fewer
-- parameters, is among them where no other one beats it.
leader as (
    select model
    from {{ ref('clv_parameters') }}
    where
        split = 'calibration'
        and model <> 'gamma_gamma'
        and status in ('converged', 'limit')
        and model in (
            select refreshed.model from {{ ref('clv_parameters') }} as refreshed
            where refreshed.split = 'refresh' and refreshed.status in ('converged', 'limit')
        )
    qualify row_number() over (order by log_likelihood desc nulls last, model asc nulls last) = 1
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
        split,
        cast(case when sum(recent_amount) > 0 then sum(recent_amount) else 0 end as double)
            as recent_amount,
        cast(sum(past_amount) as double) as past_amount,
        cast(sum(purchase_count) as double) as purchase_count,
        cast(sum(recency_weight) as double) as recency_weight,
        coalesce(
            cast(count(*) filter (where bought_in_window and bought_in_earlier_window) as double)
            / nullif(count(*) filter (where bought_in_earlier_window), 0),
            cast(count(*) filter (where bought_in_window) as double) / count(*)
        ) as retention_rate
    from weighted
    group by split
),

amounts as (
    select
        weighted.profile_id,
        weighted.split,
        weighted.frequency,
        weighted.future_purchase_count,
        weighted.future_amount,
        totals.recent_amount * weighted.past_amount / nullif(totals.past_amount, 0)
            as past_revenue_amount,
        totals.recent_amount * weighted.purchase_count / nullif(totals.purchase_count, 0)
            as past_frequency_amount,
        totals.recent_amount * weighted.recency_weight / nullif(totals.recency_weight, 0)
            as recency_amount,
        -- The reference systems' baseline: what a month brought goes on for those who stay.
        case when weighted.window_amount > 0 then weighted.window_amount else 0 end
        * splits.windows_ahead * totals.retention_rate as baseline_amount,
        spending.p * (spending.gamma + weighted.frequency * coalesce(weighted.mean_repeat_amount, 0))
        / (spending.p * weighted.frequency + spending.q - 1) as purchase_amount,
        {%- for model in clv_fitted_methods() %}
            scores.{{ model }}_alive as {{ model }}_gamma_gamma_alive,
            scores.{{ model }}_purchases as {{ model }}_gamma_gamma_purchases,
            scores.{{ model }}_discounted
            {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from weighted
    inner join totals
        on weighted.split = totals.split
    inner join splits
        on weighted.split = splits.split
    left join spending
        on weighted.split = spending.split
    left join scores
        on
            weighted.split = scores.split
            and weighted.frequency = scores.frequency
            and weighted.recency_days = scores.recency_days
            and weighted.age_days = scores.age_days
),

valued as (
    select
        amounts.*,
        {%- for model in clv_fitted_methods() %}
            amounts.{{ model }}_discounted * amounts.purchase_amount as {{ model }}_gamma_gamma_amount,
        {%- endfor %}
        cast(
            case leader.model
                {%- for model in clv_fitted_methods() %}
                    when '{{ model }}' then amounts.{{ model }}_discounted
                {%- endfor %}
            end * amounts.purchase_amount as decimal(28, 6)
        ) as leader_amount,
        {%- for measure in ['alive', 'purchases'] %}
            case leader.model
                {%- for model in clv_fitted_methods() %}
                    when '{{ model }}' then amounts.{{ model }}_gamma_gamma_{{ measure }}
                {%- endfor %}
            end as combined_{{ measure }},
        {%- endfor %}
        amounts.baseline_amount > 0 as is_active
    from amounts
    left join leader
        on amounts.split is not null
),

-- The geometric mean of the leading model and the baseline, where there is a baseline. Whom it
-- has given up are not told apart: each is expected to bring what the model expects of their mean.
pooled as (
    select
        valued.*,
        cast(sqrt(cast(valued.leader_amount as double) * valued.baseline_amount) as decimal(28, 6))
            as mean_amount
    from valued
),

pools as (
    select
        split,
        is_active,
        cast(sum(leader_amount) as double) as leader_amount,
        cast(sum(mean_amount) as double) as mean_amount,
        count(*) as customer_count
    from pooled
    group by split, is_active
)

select
    pooled.profile_id,
    pooled.split,
    pooled.frequency,
    pooled.is_active,
    pooled.future_purchase_count,
    pooled.future_amount,
    pooled.purchase_amount,
    {%- for model in clv_fitted_methods() %}
        pooled.{{ model }}_gamma_gamma_alive,
        pooled.{{ model }}_gamma_gamma_purchases,
        pooled.{{ model }}_gamma_gamma_amount,
    {%- endfor %}
    pooled.combined_alive,
    pooled.combined_purchases,
    case
        when pooled.is_active and pools.mean_amount > 0
            then pooled.mean_amount * pools.leader_amount / pools.mean_amount
        else pools.leader_amount / pools.customer_count
    end as combined_amount,
    pooled.past_revenue_amount,
    pooled.past_frequency_amount,
    pooled.recency_amount,
    pooled.baseline_amount
from pooled
inner join pools
    on
        pooled.split = pools.split
        and pooled.is_active = pools.is_active
