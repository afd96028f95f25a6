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

champion as (
    select
        backtest.model,
        cutoffs.correction,
        backtest.coverage_holds
    from {{ ref('clv_backtest') }} as backtest
    inner join {{ ref('clv_cutoffs') }} as cutoffs
        on
            backtest.model = cutoffs.model
            and cutoffs.split = 'calibration'
    where
        backtest.is_champion
        and backtest.version in (select fitted.version from {{ ref('clv_parameters') }} as fitted)
),

settings as (
    select
        max(case when setting = 'high_value_top_share' then value end) as high_value_top_share,
        max(case when setting = 'interval_share' then value end) as interval_share
    from {{ ref('clv_settings') }}
),

horizon as (
    select
        horizon_days,
        cast(round(months_ahead) as int) as horizon_months
    from {{ ref('clv_splits') }}
    where split = 'refresh'
),

chosen as (
    select
        predictions.profile_id,
        predictions.is_active,
        champion.*,
        cast({{ clv_of('champion.model', 'amount', clv_methods()) }} as decimal(18, 2))
            as uncorrected_amount,
        {{ clv_of('champion.model', 'alive', clv_model_methods()) }} as probability_alive,
        {{ clv_of('champion.model', 'purchases', clv_model_methods()) }} as expected_purchase_count,
        cast(predictions.purchase_amount as decimal(18, 2)) as purchase_amount
    from {{ ref('clv_predictions') }} as predictions
    cross join champion
    where predictions.split = 'refresh'
),

placed as (
    select
        chosen.*,
        cast(chosen.uncorrected_amount * chosen.correction as decimal(18, 2)) as predicted_amount,
        case
            when chosen.uncorrected_amount > 0 then cast(chosen.uncorrected_amount as double) else 1
        end as unit_amount,
        case
            when
                not {{ is_without_spread(
                    'count(*) over (partition by chosen.uncorrected_amount)', 'count(*) over ()', 10
                ) }}
                then ntile(10) over (
                    order by chosen.uncorrected_amount desc nulls last, chosen.profile_id asc nulls last
                )
        end as decile
    from chosen
    where chosen.uncorrected_amount is not null
),

intervals as (
    select
        model,
        is_active,
        from_amount,
        below_amount,
        lower_ratio,
        upper_ratio,
        claimed_coverage
    from {{ ref('clv_intervals') }}
    where lesson = 'published'
),

-- Ends are multiples of one's own prediction; of those whose prediction is nothing, amounts.
bounded as (
    select
        placed.*,
        intervals.claimed_coverage,
        intervals.lower_ratio * placed.unit_amount as lower_end,
        intervals.upper_ratio * placed.unit_amount as upper_end
    from placed
    left join intervals
        on
            placed.model = intervals.model
            and placed.is_active = intervals.is_active
            and placed.uncorrected_amount >= intervals.from_amount
            and (intervals.below_amount is null or placed.uncorrected_amount < intervals.below_amount)
),

valued as (
    select
        customer_attributes.*,
        bounded.predicted_amount,
        case
            when bounded.coverage_holds
                then least(cast(bounded.lower_end as decimal(18, 2)), bounded.predicted_amount)
        end as lower_amount,
        case
            when bounded.coverage_holds
                then greatest(cast(bounded.upper_end as decimal(18, 2)), bounded.predicted_amount)
        end as upper_amount,
        case when bounded.coverage_holds then bounded.claimed_coverage end as claimed_coverage,
        case
            when bounded.predicted_amount is null then null
            when not coalesce(bounded.coverage_holds, false)
                then 'withheld: in a backtest such intervals covered another share than they claim'
            when bounded.claimed_coverage > settings.interval_share + 0.05 and bounded.lower_end <= 0
                then 'covers more than asked: so many of those alike spend nothing'
            when abs(bounded.claimed_coverage - settings.interval_share) > 0.05
                then 'covers more than asked: it reaches as far as the prediction'
        end as interval_reason,
        bounded.expected_purchase_count,
        case when bounded.expected_purchase_count is not null then bounded.purchase_amount end
            as expected_purchase_amount,
        bounded.probability_alive,
        bounded.decile,
        bounded.model,
        -- The value that tells high from low: what is expected, or what was where nothing is.
        case
            when bounded.predicted_amount is not null then bounded.predicted_amount
            when not exists (select 1 from champion) and customer_attributes.net_amount > 0
                then customer_attributes.net_amount
            else cast(0 as decimal(18, 2))
        end as ranked_amount
    from customer_attributes
    cross join settings
    left join bounded
        on customer_attributes.profile_id = bounded.profile_id
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
    accumulated.claimed_coverage as interval_coverage,
    case when accumulated.lower_amount is not null then 'mondrian_conformal' end as interval_method,
    accumulated.interval_reason,
    case when accumulated.predicted_amount is not null then horizon.horizon_months end
        as horizon_months,
    case when accumulated.predicted_amount is not null then horizon.horizon_days end as horizon_days,
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
cross join horizon
