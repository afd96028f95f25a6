-- How many people are known, and by which kinds of identity?
-- One row per namespace, the one with most people first. A person counts in each of theirs, so the
-- shares add up to more than 1.
-- Chart: bars of profile_count by namespace, profile_share as label.
with

latest as (
    select max(date_key) as date_key
    from insights.fact_profile_by_namespace
),

default_policy as (
    select merge_policy_id
    from insights.dim_merge_policy
    where is_default
)

select
    dim_namespace.namespace,
    dim_namespace.kind,
    fact_profile_by_namespace.profile_count,
    cast(fact_profile_by_namespace.profile_count as double)
    / nullif(fact_profile.profile_count, 0) as profile_share
from insights.fact_profile_by_namespace
inner join latest on fact_profile_by_namespace.date_key = latest.date_key
inner join default_policy
    on fact_profile_by_namespace.merge_policy_id = default_policy.merge_policy_id
inner join insights.fact_profile
    on
        fact_profile_by_namespace.date_key = fact_profile.date_key
        and fact_profile_by_namespace.merge_policy_id = fact_profile.merge_policy_id
inner join insights.dim_namespace
    on fact_profile_by_namespace.namespace_id = dim_namespace.namespace_id
order by fact_profile_by_namespace.profile_count desc, dim_namespace.namespace asc
