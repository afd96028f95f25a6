-- title: Profile count change trend by identity
-- question: >-
--   How many people with each kind of identity came or went from one day to the next?
-- grain: One row per namespace and day of the window; a namespace's first day has no row.
-- chart: lines of profile_count_change by date_key, one per namespace.
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
),

changes as (
    select
        fact_profile_by_namespace.namespace,
        fact_profile_by_namespace.date_key,
        fact_profile_by_namespace.profile_count,
        fact_profile_by_namespace.profile_count
        - lag(fact_profile_by_namespace.profile_count) over (
            partition by fact_profile_by_namespace.namespace
            order by fact_profile_by_namespace.date_key asc
        ) as profile_count_change,
        date_diff('day', fact_profile_by_namespace.date_key, latest.date_key) as days_ago
    from insights.fact_profile_by_namespace
    inner join latest on fact_profile_by_namespace.merge_policy_id = latest.merge_policy_id
    where
        fact_profile_by_namespace.namespace
        = coalesce(getvariable('namespace'), fact_profile_by_namespace.namespace)
)

select
    namespace,
    date_key,
    profile_count,
    profile_count_change
from changes
where
    profile_count_change is not null
    and days_ago <= coalesce(getvariable('days'), 30)
order by namespace asc, date_key asc
