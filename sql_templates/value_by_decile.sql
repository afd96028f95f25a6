-- title: Value by decile
-- question: How much of the revenue does each tenth of the customers bring?
-- grain: One row per decile and currency; decile 1 holds the best customers of each loyalty tier.
-- note: >-
--   People without a purchase in the window are in no decile, nor is anybody of a tier in which
--   too few bought or nearly all spent the same. Amounts are rounded and bounds are outward
--   (docs/insights.md); deciles of few people are left out.
-- chart: columns of net_amount by decile, net_share as label.
-- parameters:
--   merge_policy: {type: text, options: merge_policies, about: The merge policy; the default one when unset.}
--   look_back: {type: text, default: lifetime, options: look_backs, about: The window.}
--   loyalty_tier: {type: text, options: loyalty_tiers, about: The tier; every tier when unset.}
with

latest as (
    select
        fact_clv_decile.merge_policy_id,
        max(fact_clv_decile.date_key) as date_key
    from insights.fact_clv_decile
    inner join insights.dim_merge_policy
        on fact_clv_decile.merge_policy_id = dim_merge_policy.merge_policy_id
    where
        dim_merge_policy.merge_policy_name = getvariable('merge_policy')
        or (getvariable('merge_policy') is null and dim_merge_policy.is_default)
    group by fact_clv_decile.merge_policy_id
),

decile_totals as (
    select
        decile,
        currency,
        cast(sum(profile_count) as bigint) as profile_count,
        cast(sum(metric_amount) as decimal(18, 2)) as net_amount,
        min(min_amount) as min_amount,
        max(max_amount) as max_amount
    from insights.fact_clv_decile
    inner join latest
        on
            fact_clv_decile.merge_policy_id = latest.merge_policy_id
            and fact_clv_decile.date_key = latest.date_key
    where
        metric = 'net_revenue'
        and category_type = 'loyalty_tier'
        and look_back = coalesce(getvariable('look_back'), 'lifetime')
        and category = coalesce(getvariable('loyalty_tier'), category)
        and decile > 0
    group by decile, currency
)

select
    decile,
    currency,
    profile_count,
    net_amount,
    cast(net_amount as double)
    / nullif(sum(net_amount) over (partition by currency), 0) as net_share,
    cast(net_amount as double) / nullif(profile_count, 0) as average_amount,
    min_amount,
    max_amount
from decile_totals
order by decile, currency
