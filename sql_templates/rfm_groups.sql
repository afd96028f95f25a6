-- title: RFM groups
-- question: Which customers are loyal, which are slipping away, and what has each group brought?
-- grain: One row per RFM group and currency, the group that brought most first.
-- note: >-
--   Shares are of all customers and of their net revenue; how the groups are made is in
--   docs/value.md.
-- chart: bars of profile_share beside net_share by rfm_segment.
-- parameters:
--   merge_policy: {type: text, options: merge_policies, about: The merge policy; the default one when unset.}
with

latest as (
    select
        fact_rfm.merge_policy_id,
        max(fact_rfm.date_key) as date_key
    from insights.fact_rfm
    inner join insights.dim_merge_policy
        on fact_rfm.merge_policy_id = dim_merge_policy.merge_policy_id
    where
        dim_merge_policy.merge_policy_name = getvariable('merge_policy')
        or (getvariable('merge_policy') is null and dim_merge_policy.is_default)
    group by fact_rfm.merge_policy_id
)

select
    fact_rfm.rfm_segment,
    fact_rfm.currency,
    fact_rfm.profile_count,
    cast(fact_rfm.profile_count as double)
    / sum(fact_rfm.profile_count) over (partition by fact_rfm.currency) as profile_share,
    fact_rfm.net_amount,
    cast(fact_rfm.net_amount as double)
    / nullif(sum(fact_rfm.net_amount) over (partition by fact_rfm.currency), 0) as net_share,
    cast(fact_rfm.net_amount as double) / nullif(fact_rfm.profile_count, 0) as average_amount
from insights.fact_rfm
inner join latest
    on
        fact_rfm.merge_policy_id = latest.merge_policy_id
        and fact_rfm.date_key = latest.date_key
order by fact_rfm.net_amount desc, fact_rfm.rfm_segment asc
