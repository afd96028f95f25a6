-- title: Expected value
-- question: What will customers bring, and how far is that to be trusted?
-- grain: One row; without values when nothing is predicted.
-- note: >-
--   How the method did is of its backtests: the bias of the last one, and in brackets the lowest
--   and highest of all.
-- chart: a card per figure.
-- parameters:
--   merge_policy: {type: text, options: merge_policies, about: The merge policy; the default one when unset.}
with

latest as (
    select
        fact_lifetime_value.merge_policy_id,
        max(fact_lifetime_value.date_key) as date_key
    from insights.fact_lifetime_value
    inner join insights.dim_merge_policy
        on fact_lifetime_value.merge_policy_id = dim_merge_policy.merge_policy_id
    where
        dim_merge_policy.merge_policy_name = getvariable('merge_policy')
        or (getvariable('merge_policy') is null and dim_merge_policy.is_default)
    group by fact_lifetime_value.merge_policy_id
),

predicted as (
    select
        fact_lifetime_value.currency,
        fact_lifetime_value.horizon_months,
        fact_lifetime_value.grade,
        fact_lifetime_value.bias,
        fact_lifetime_value.coverage_holds,
        fact_lifetime_value.is_better_than_chance,
        cast(round(100 * fact_lifetime_value.bias) as int) as bias_percent,
        cast(round(100 * fact_lifetime_value.lowest_bias) as int) as lowest_percent,
        cast(round(100 * fact_lifetime_value.highest_bias) as int) as highest_percent,
        cast(round(100 * fact_lifetime_value.claimed_coverage) as int) as claimed_percent,
        cast(round(100 * fact_lifetime_value.measured_coverage) as int) as measured_percent,
        cast(round(100 * fact_lifetime_value.top_decile_share) as int) as top_decile_percent,
        cast(sum(fact_lifetime_value.profile_count) as bigint) as profile_count,
        cast(sum(fact_lifetime_value.predicted_amount) as decimal(18, 2)) as predicted_amount
    from insights.fact_lifetime_value
    inner join latest
        on
            fact_lifetime_value.merge_policy_id = latest.merge_policy_id
            and fact_lifetime_value.date_key = latest.date_key
    where fact_lifetime_value.predicted_amount is not null
    group by
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
        fact_lifetime_value.is_better_than_chance
)

select
    predicted.predicted_amount,
    predicted.currency,
    predicted.horizon_months,
    predicted.profile_count,
    predicted.grade,
    case when predicted.bias_percent >= 0 then '+' else '' end
    || cast(predicted.bias_percent as varchar) || ' % ('
    || case when predicted.lowest_percent >= 0 then '+' else '' end
    || cast(predicted.lowest_percent as varchar) || ' to '
    || case when predicted.highest_percent >= 0 then '+' else '' end
    || cast(predicted.highest_percent as varchar) || ')' as bias_label,
    predicted.bias,
    cast(predicted.measured_percent as varchar) || ' of '
    || cast(predicted.claimed_percent as varchar) || ' %'
    || case when predicted.coverage_holds then '' else ', withheld' end as coverage_label,
    cast(predicted.top_decile_percent as varchar) || ' %'
    || case when predicted.is_better_than_chance then '' else ', maybe chance' end
        as top_decile_label
from latest
left join predicted on latest.date_key is not null
