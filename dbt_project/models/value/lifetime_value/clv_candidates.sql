with

fits as (
    select
        model,
        split,
        min(status) as status,
        min(reason) as reason,
        min(log_likelihood) as log_likelihood
    from {{ ref('clv_parameters') }}
    where split in ('calibration', 'refresh')
    group by model, split
),

settings as (
    select
        max(case when setting = 'largest_bias' then value end) as largest_bias,
        max(case when setting = 'largest_coverage_miss' then value end) as largest_coverage_miss
    from {{ ref('clv_settings') }}
),

-- A method is as good as the worst of its fits; those without a purchase model have none.
method_fits as (
    {%- for method in clv_methods() %}
        select
            '{{ method }}' as model,
            max(log_likelihood) filter (
                where model = '{{ method | replace("_gamma_gamma", "") }}' and split = 'calibration'
            ) as log_likelihood,
            min(model || ', ' || split || ': ' || reason) filter (
                where status = 'diverged' and '{{ method }}' = model || '_gamma_gamma'
            ) as reason
        from fits
        {%- if not loop.last %}
            union all
        {%- endif %}
    {%- endfor %}
),

sums as (
    select
        model,
        cast(sum(customer_count) as bigint) as customer_count,
        cast(sum(predicted_amount) as decimal(18, 2)) as predicted_amount,
        cast(sum(actual_amount) as decimal(18, 2)) as actual_amount,
        sqrt(cast(sum(squared_error) as double) / sum(customer_count)) as rmse
    from {{ ref('clv_calibration') }}
    group by model
),

coverages as (
    select
        model,
        split,
        cast(sum(tested_count) as double) as tested_count,
        sum(cast(claimed_coverage as decimal(18, 9)) * tested_count) as claimed_count,
        sum(cast(measured_coverage as decimal(18, 9)) * tested_count) as measured_count,
        max(abs(measured_coverage - claimed_coverage) - 1 / sqrt(cast(tested_count as double)))
            as largest_tenth_miss
    from {{ ref('clv_coverage') }}
    group by model, split
),

-- Coverage is off by chance too: two standard errors of so many customers are allowed for.
coverage as (
    select
        coverages.model,
        max(coverages.claimed_count / coverages.tested_count) filter (where coverages.split = 'calibration')
            as claimed_coverage,
        max(coverages.measured_count / coverages.tested_count) filter (where coverages.split = 'calibration')
            as measured_coverage,
        bool_and(
            abs(coverages.measured_count - coverages.claimed_count) / coverages.tested_count
            - 1 / sqrt(coverages.tested_count) <= settings.largest_coverage_miss
            and coverages.largest_tenth_miss <= 2 * settings.largest_coverage_miss
        ) as coverage_holds
    from coverages
    cross join settings
    group by coverages.model
),

biases as (
    select
        model,
        min((1 + bias) * correction - 1) as lowest_bias,
        max((1 + bias) * correction - 1) as highest_bias
    from {{ ref('clv_cutoffs') }}
    group by model
),

measured as (
    select
        cutoffs.model,
        sums.customer_count,
        sums.predicted_amount,
        sums.actual_amount,
        cutoffs.expected_purchase_count,
        cutoffs.purchase_count,
        cutoffs.top_decile_share,
        uncertainty.top_decile_share_lower,
        uncertainty.top_decile_share_upper,
        cutoffs.spearman,
        uncertainty.spearman_lower,
        uncertainty.spearman_upper,
        cutoffs.one_time_spearman,
        cast(sums.predicted_amount as double) / nullif(cast(sums.actual_amount as double), 0) - 1
            as bias,
        cutoffs.bias as uncorrected_bias,
        biases.lowest_bias,
        biases.highest_bias,
        cutoffs.correction,
        -- One backtest may lie in a season of its own, so all of them say whether it is usable.
        abs(coalesce(cutoffs.average_bias, cutoffs.bias)) > settings.largest_bias as is_biased,
        uncertainty.backtest_count,
        uncertainty.score,
        uncertainty.is_within_noise,
        sums.rmse,
        cutoffs.hit_rate,
        cutoffs.hit_rate
        - max(case when cutoffs.model = 'baseline' then cutoffs.hit_rate end) over ()
            as hit_rate_above_baseline,
        sums.rmse / nullif(max(case when cutoffs.model = 'baseline' then sums.rmse end) over (), 0)
            as rmse_to_baseline,
        coverage.claimed_coverage,
        coverage.measured_coverage,
        coverage.coverage_holds,
        -- A tenth of the customers, picked blindly, brings a tenth.
        uncertainty.top_decile_share_lower > 0.1 as is_better_than_chance
    from {{ ref('clv_cutoffs') }} as cutoffs
    cross join settings
    inner join sums
        on cutoffs.model = sums.model
    inner join coverage
        on cutoffs.model = coverage.model
    inner join biases
        on cutoffs.model = biases.model
    inner join {{ ref('clv_uncertainty') }} as uncertainty
        on cutoffs.model = uncertainty.model
    where cutoffs.split = 'calibration'
)

select
    method_fits.model,
    method_fits.log_likelihood,
    measured.customer_count,
    measured.predicted_amount,
    measured.actual_amount,
    measured.expected_purchase_count,
    measured.purchase_count,
    measured.top_decile_share,
    measured.top_decile_share_lower,
    measured.top_decile_share_upper,
    measured.spearman,
    measured.spearman_lower,
    measured.spearman_upper,
    measured.one_time_spearman,
    measured.bias,
    measured.uncorrected_bias,
    measured.lowest_bias,
    measured.highest_bias,
    measured.correction,
    measured.backtest_count,
    measured.score,
    measured.is_within_noise,
    measured.rmse,
    measured.rmse_to_baseline,
    measured.hit_rate,
    measured.hit_rate_above_baseline,
    measured.claimed_coverage,
    measured.measured_coverage,
    measured.coverage_holds,
    measured.is_better_than_chance,
    case
        when measured.top_decile_share is null then null
        when not measured.is_better_than_chance then 'D'
        when
            method_fits.model = 'baseline' or measured.hit_rate_above_baseline < 0
            or abs(measured.bias) > 0.25
            then 'C'
        when
            measured.hit_rate_above_baseline >= 0.05 and abs(measured.bias) <= 0.1
            and measured.coverage_holds
            then 'A'
        when measured.hit_rate_above_baseline >= 0 then 'B'
    end as grade,
    case
        when measured.model is null then 'diverged'
        when measured.top_decile_share is null then 'nothing_sold'
        when measured.is_biased then 'biased'
        else 'usable'
    end as status,
    case
        when measured.model is null
            then coalesce(method_fits.reason, 'there was nothing to share out')
        when measured.top_decile_share is null then 'nobody spent anything in the held-out time'
        when measured.is_biased then 'the held-out totals are off by more than largest_bias on average'
    end as reason
from method_fits
left join measured
    on method_fits.model = measured.model
