-- title: Expected value
-- question: What will customers bring, and how far is that to be trusted?
-- grain: One row; without values when nothing is predicted.
-- note: >-
--   How the method did is of its backtests: the bias of the last one, and in brackets the lowest
--   and highest of all.
-- chart: a card per figure.
with

latest as (
    select max(date_key) as date_key
    from insights.fact_lifetime_value
),

predicted as (
    select
        fact_lifetime_value.currency,
        fact_lifetime_value.horizon_months,
        fact_lifetime_value.grade,
        fact_lifetime_value.bias,
        fact_lifetime_value.lowest_bias,
        fact_lifetime_value.highest_bias,
        fact_lifetime_value.claimed_coverage,
        fact_lifetime_value.measured_coverage,
        fact_lifetime_value.coverage_holds,
        fact_lifetime_value.top_decile_share,
        fact_lifetime_value.is_better_than_chance,
        cast(sum(fact_lifetime_value.profile_count) as bigint) as profile_count,
        cast(sum(fact_lifetime_value.predicted_amount) as decimal(18, 2)) as predicted_amount
    from insights.fact_lifetime_value
    inner join latest on fact_lifetime_value.date_key = latest.date_key
    where fact_lifetime_value.predicted_amount is not null
    group by all
)

select
    predicted.predicted_amount,
    predicted.currency,
    predicted.horizon_months,
    predicted.profile_count,
    predicted.grade,
    format(
        '{:+.0f} % ({:+.0f} to {:+.0f})',
        100 * predicted.bias,
        100 * predicted.lowest_bias,
        100 * predicted.highest_bias
    ) as bias_label,
    predicted.bias,
    format(
        '{:.0f} of {:.0f} %', 100 * predicted.measured_coverage, 100 * predicted.claimed_coverage
    ) || case when predicted.coverage_holds then '' else ', withheld' end as coverage_label,
    format(
        '{:.0f} %{}',
        100 * predicted.top_decile_share,
        case when predicted.is_better_than_chance then '' else ', maybe chance' end
    ) as top_decile_label
from latest
left join predicted on latest.date_key is not null
