-- title: Profiles by identity
-- question: How many people are known, and by which kinds of identity?
-- grain: One row per namespace, the one with most people first.
-- note: A person counts in each of theirs, so the shares add up to more than 1.
-- chart: bars of profile_count by namespace, profile_share as label.
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
    dim_namespace.namespace,
    dim_namespace.kind,
    fact_profile_by_namespace.profile_count,
    cast(fact_profile_by_namespace.profile_count as double)
    / nullif(fact_profile.profile_count, 0) as profile_share
from insights.fact_profile_by_namespace
inner join latest
    on
        fact_profile_by_namespace.merge_policy_id = latest.merge_policy_id
        and fact_profile_by_namespace.date_key = latest.date_key
inner join insights.fact_profile
    on
        latest.merge_policy_id = fact_profile.merge_policy_id
        and latest.date_key = fact_profile.date_key
inner join insights.dim_namespace
    on fact_profile_by_namespace.namespace_id = dim_namespace.namespace_id
order by fact_profile_by_namespace.profile_count desc, dim_namespace.namespace asc
