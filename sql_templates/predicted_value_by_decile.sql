-- title: Predicted value by decile
-- question: Who will bring the revenue of the months to come?
-- grain: >-
--   One row per tenth of the customers by what is expected of them within horizon_months; 1 is
--   the best, 0 holds those who are not told apart, and -1 deciles of few people.
-- note: Customers of whom nothing is predicted are left out.
-- chart: columns of historical_amount beside predicted_amount by decile.
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
)

select
    fact_lifetime_value.decile,
    fact_lifetime_value.currency,
    fact_lifetime_value.method,
    fact_lifetime_value.horizon_months,
    fact_lifetime_value.profile_count,
    fact_lifetime_value.high_value_profile_count,
    fact_lifetime_value.historical_amount,
    fact_lifetime_value.predicted_amount,
    cast(fact_lifetime_value.predicted_amount as double)
    / nullif(sum(fact_lifetime_value.predicted_amount) over (), 0) as predicted_share,
    cast(fact_lifetime_value.predicted_amount as double)
    / nullif(fact_lifetime_value.profile_count, 0) as average_predicted_amount
from insights.fact_lifetime_value
inner join latest
    on
        fact_lifetime_value.merge_policy_id = latest.merge_policy_id
        and fact_lifetime_value.date_key = latest.date_key
where fact_lifetime_value.predicted_amount is not null
order by case when fact_lifetime_value.decile < 1 then 1 else 0 end asc, fact_lifetime_value.decile asc
