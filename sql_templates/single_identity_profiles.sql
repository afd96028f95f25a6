-- title: Single identity profiles
-- question: How many people have a single identity?
-- grain: >-
--   One row: the latest day.
-- chart: a card.
-- parameters:
--   merge_policy: {type: text, options: merge_policies, about: The merge policy; the default one when unset.}
with

latest as (
    select
        fact_profile.merge_policy_id,
        max(fact_profile.date_key) as date_key
    from insights.fact_profile
    inner join insights.dim_merge_policy
        on fact_profile.merge_policy_id = dim_merge_policy.merge_policy_id
    where
        dim_merge_policy.merge_policy_name = getvariable('merge_policy')
        or (getvariable('merge_policy') is null and dim_merge_policy.is_default)
    group by fact_profile.merge_policy_id
)

select
    fact_profile.date_key,
    fact_profile.single_identity_profile_count
from insights.fact_profile
inner join latest
    on
        fact_profile.merge_policy_id = latest.merge_policy_id
        and fact_profile.date_key = latest.date_key
