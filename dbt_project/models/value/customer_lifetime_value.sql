with

customer_attributes as (
    select
        profile_id,
        net_amount,
        currency,
        first_ordered_at,
        last_ordered_at,
        order_count
    from {{ ref('customer_attributes') }}
),

predictions as (
    select * from {{ ref('clv_predictions') }}
    where split = 'refresh'
),

champion as (
    select
        backtest.version,
        backtest.model
    from {{ ref('clv_backtest') }} as backtest
    where
        backtest.is_champion
        and backtest.version in (select fitted.version from {{ ref('clv_parameters') }} as fitted)
),

settings as (
    select
        cast(max(case when setting = 'horizon_months' then value end) as int) as horizon_months,
        max(case when setting = 'high_value_top_share' then value end) as high_value_top_share
    from {{ ref('clv_settings') }}
),

chosen as (
    select
        predictions.profile_id,
        champion.version,
        champion.model,
        cast(
            case champion.model
                {%- for method in clv_methods() %}
                    when '{{ method }}' then predictions.{{ method }}_amount
                {%- endfor %}
            end as decimal(18, 2)
        ) as predicted_amount,
        case champion.model
            {%- for model in clv_fitted_methods() %}
                when '{{ model }}_gamma_gamma' then predictions.{{ model }}_gamma_gamma_alive
            {%- endfor %}
        end as probability_alive,
        case champion.model
            {%- for model in clv_fitted_methods() %}
                when '{{ model }}_gamma_gamma' then predictions.{{ model }}_gamma_gamma_purchases
            {%- endfor %}
        end as expected_purchase_count,
        case
            when champion.model like '%_gamma_gamma'
                then cast(predictions.purchase_amount as decimal(18, 2))
        end as expected_purchase_amount
    from predictions
    cross join champion
),

placed as (
    select
        chosen.*,
        ntile(10) over (
            order by chosen.predicted_amount desc nulls last, chosen.profile_id asc nulls last
        ) as decile
    from chosen
    where chosen.predicted_amount is not null
),

intervals as (
    select
        version,
        model,
        decile,
        lower_ratio,
        upper_ratio
    from {{ ref('clv_calibration') }}
),

valued as (
    select
        customer_attributes.*,
        placed.predicted_amount,
        cast(placed.predicted_amount * intervals.lower_ratio as decimal(18, 2)) as lower_amount,
        cast(placed.predicted_amount * intervals.upper_ratio as decimal(18, 2)) as upper_amount,
        placed.expected_purchase_count,
        placed.expected_purchase_amount,
        placed.probability_alive,
        placed.decile,
        placed.model,
        -- The value that tells high from low: what is expected, or what was where nothing is.
        case
            when placed.predicted_amount is not null then placed.predicted_amount
            when not exists (select 1 from champion) and customer_attributes.net_amount > 0
                then customer_attributes.net_amount
            else cast(0 as decimal(18, 2))
        end as ranked_amount
    from customer_attributes
    left join placed
        on customer_attributes.profile_id = placed.profile_id
    left join intervals
        on
            placed.version = intervals.version
            and placed.model = intervals.model
            and placed.decile = intervals.decile
),

totals as (
    select
        sum(ranked_amount) as ranked_amount,
        count(*) filter (where ranked_amount > 0) as payer_count
    from valued
),

accumulated as (
    select
        valued.*,
        sum(valued.ranked_amount) over (
            order by valued.ranked_amount desc nulls last, valued.profile_id asc nulls last
            rows between unbounded preceding and current row
        ) as amount_up_to,
        row_number() over (
            order by valued.ranked_amount desc nulls last, valued.profile_id asc nulls last
        ) as place
    from valued
)

select
    accumulated.profile_id,
    accumulated.net_amount as historical_clv_amount,
    accumulated.currency,
    accumulated.first_ordered_at,
    accumulated.last_ordered_at,
    accumulated.order_count,
    coalesce(accumulated.model, 'historical_net_revenue') as method,
    accumulated.predicted_amount as predicted_clv_amount,
    accumulated.lower_amount as predicted_lower_amount,
    accumulated.upper_amount as predicted_upper_amount,
    case when accumulated.lower_amount is not null then 'held_out_same_decile_80_percent' end
        as interval_method,
    case when accumulated.predicted_amount is not null then settings.horizon_months end
        as horizon_months,
    accumulated.probability_alive,
    accumulated.expected_purchase_count,
    accumulated.expected_purchase_amount,
    cast(accumulated.decile as int) as predicted_decile,
    accumulated.ranked_amount > 0 and case
        when settings.high_value_top_share > 0
            then accumulated.place <= settings.high_value_top_share * totals.payer_count
        else
            accumulated.amount_up_to - accumulated.ranked_amount
            < cast(0.8 as decimal(2, 1)) * totals.ranked_amount
    end as is_high_value
from accumulated
cross join totals
cross join settings
