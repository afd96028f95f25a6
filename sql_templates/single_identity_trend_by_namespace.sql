-- title: Single identity trend by identity
-- question: How has the number of people with a single identity of each kind developed?
-- grain: One row per namespace and day of the window.
-- chart: lines of single_identity_profile_count by date_key, one per namespace.
-- parameters:
--   merge_policy: {type: text, options: merge_policies, about: The merge policy; the default one when unset.}
--   days: {type: integer, default: 30, about: How many days back from the latest.}
--   namespace: {type: text, options: namespaces, about: The kind of identity; every kind when unset.}
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
    fact_profile_by_namespace.namespace,
    fact_profile_by_namespace.date_key,
    fact_profile_by_namespace.single_identity_profile_count
from insights.fact_profile_by_namespace
inner join latest on fact_profile_by_namespace.merge_policy_id = latest.merge_policy_id
where
    fact_profile_by_namespace.namespace
    = coalesce(getvariable('namespace'), fact_profile_by_namespace.namespace)
    and date_diff('day', fact_profile_by_namespace.date_key, latest.date_key)
    <= coalesce(getvariable('days'), 30)
order by fact_profile_by_namespace.namespace asc, fact_profile_by_namespace.date_key asc
