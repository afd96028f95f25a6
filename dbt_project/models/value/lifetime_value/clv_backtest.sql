{#- Append-only: a version is judged once, its rows never change, and no full refresh drops them. -#}
{{ config(
    materialized='incremental', incremental_strategy='append', full_refresh=false,
    on_schema_change='append_new_columns'
) }}

with

candidates as (
    select * from {{ ref('clv_candidates') }}
),

settings as (
    select max(case when setting = 'challenger_margin' then value end) as challenger_margin
    from {{ ref('clv_settings') }}
),

runs as (
    select
        version,
        max(fitted_at) as refreshed_at,
        max(case when split = 'calibration' then window_to end) as calibrated_until_on,
        max(reason) filter (
            where status = 'too_little_data' and split in ('calibration', 'refresh')
        ) as too_little_reason
    from {{ ref('clv_parameters') }}
    group by version
),

held_out as (
    select
        until_on as evaluated_until_on,
        horizon_days
    from {{ ref('clv_splits') }}
    where split = 'calibration'
),

-- Of those that chance alone could set behind the best ranking, the one whose worst backtest is least
-- off in total, as a factor; where there is none, the best ranking that may be used.
best as (
    select model
    from candidates
    where status = 'usable'
    qualify row_number() over (
        order by
            is_within_noise desc nulls last,
            case
                when is_within_noise
                    then greatest(1 + highest_bias, 1 / (1 + lowest_bias))
            end asc nulls last,
            score desc nulls last, model asc nulls last
    ) = 1
),

best_score as (
    select max(score) as score
    from candidates
    where status = 'usable'
),

-- The method in use stays until another one is better by the margin.
in_use as (
    select
        candidates.model,
        candidates.score
    from candidates
    {% if is_incremental() %}
        inner join {{ this }} as earlier
            on candidates.model = earlier.model
        cross join runs
        where
            candidates.status = 'usable'
            and earlier.is_champion
            and earlier.refreshed_at < runs.refreshed_at
        qualify row_number() over (
            order by earlier.refreshed_at desc nulls last, earlier.version asc nulls last
        ) = 1
    {% else %}
        where false
    {% endif %}
),

champion as (
    select
        case
            when in_use.score + settings.challenger_margin >= best_score.score then in_use.model
            else best.model
        end as model
    from best
    cross join best_score
    cross join settings
    left join in_use
        on best.model is not null
)

select
    runs.version,
    runs.refreshed_at,
    candidates.model,
    runs.calibrated_until_on,
    held_out.evaluated_until_on,
    held_out.horizon_days,
    candidates.customer_count,
    candidates.predicted_amount,
    candidates.actual_amount,
    candidates.expected_purchase_count,
    candidates.purchase_count,
    candidates.top_decile_share,
    candidates.top_decile_share_lower,
    candidates.top_decile_share_upper,
    candidates.spearman,
    candidates.spearman_lower,
    candidates.spearman_upper,
    candidates.one_time_spearman,
    candidates.bias,
    candidates.uncorrected_bias,
    candidates.lowest_bias,
    candidates.highest_bias,
    candidates.correction,
    candidates.backtest_count,
    candidates.score,
    candidates.is_within_noise,
    candidates.rmse,
    candidates.rmse_to_baseline,
    candidates.hit_rate,
    candidates.hit_rate_above_baseline,
    candidates.claimed_coverage,
    candidates.measured_coverage,
    candidates.coverage_holds,
    candidates.is_better_than_chance,
    candidates.grade,
    candidates.log_likelihood,
    case when runs.too_little_reason is null then candidates.status else 'too_little_data' end as status,
    coalesce(runs.too_little_reason, candidates.reason) as reason,
    coalesce(candidates.model = champion.model, false) as is_champion
from runs
cross join candidates
cross join held_out
left join champion
    on candidates.model = champion.model
{% if is_incremental() %}
    where runs.version not in (select known.version from {{ this }} as known)
{% endif %}
