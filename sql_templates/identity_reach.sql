-- title: Profiles by identity
-- question: By which kinds of identity are people known?
-- grain: One row per kind of identity, the one with most people first.
-- note: >-
--   A person counts in each of theirs, so the shares add up to more than 1.
-- chart: bars of profile_count beside single_identity_profile_count by namespace_label.
-- parameters:
--   merge_policy: {type: text, options: merge_policies, about: The default one when unset.}
with

policy as (
    select merge_policy_id
    from insights.dim_merge_policy
    where
        merge_policy_name = getvariable('merge_policy')
        or (getvariable('merge_policy') is null and is_default)
),

latest as (
    select max(fact_profile.date_key) as date_key
    from insights.fact_profile
    inner join policy on fact_profile.merge_policy_id = policy.merge_policy_id
),

totals as (
    select
        fact_profile.date_key,
        fact_profile.profile_count
    from insights.fact_profile
    inner join policy on fact_profile.merge_policy_id = policy.merge_policy_id
    inner join latest on fact_profile.date_key = latest.date_key
)

select
    fact_profile_by_namespace.namespace,
    replace(fact_profile_by_namespace.namespace, '_', ' ') as namespace_label,
    dim_namespace.kind,
    fact_profile_by_namespace.profile_count,
    cast(fact_profile_by_namespace.profile_count as double)
    / nullif(totals.profile_count, 0) as profile_share,
    fact_profile_by_namespace.single_identity_profile_count,
    cast(fact_profile_by_namespace.single_identity_profile_count as double)
    / nullif(fact_profile_by_namespace.profile_count, 0) as single_identity_share
from insights.fact_profile_by_namespace
inner join policy on fact_profile_by_namespace.merge_policy_id = policy.merge_policy_id
inner join totals on fact_profile_by_namespace.date_key = totals.date_key
inner join insights.dim_namespace
    on fact_profile_by_namespace.namespace_id = dim_namespace.namespace_id
order by fact_profile_by_namespace.profile_count desc, fact_profile_by_namespace.namespace asc
