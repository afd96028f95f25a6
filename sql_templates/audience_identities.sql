-- title: Identities of an audience
-- question: By which kinds of identity are the people of a segment known?
-- grain: One row per kind of identity, the most common first.
-- note: >-
--   A person counts in each of theirs.
-- chart: bars of profile_count by namespace_label.
-- parameters:
--   segment: {type: text, options: segments, about: The segment; the first by title when unset.}
--   merge_policy: {type: text, options: merge_policies, about: The default one when unset.}
with

policy as (
    select merge_policy_id
    from insights.dim_merge_policy
    where
        merge_policy_name = getvariable('merge_policy')
        or (getvariable('merge_policy') is null and is_default)
),

chosen as (
    select coalesce(getvariable('segment'), min_by(segment_name, (title, segment_name))) as segment_name
    from insights.dim_segment
),

latest_day as (
    select max(fact_segment_by_namespace.date_key) as date_key
    from insights.fact_segment_by_namespace
    inner join policy on fact_segment_by_namespace.merge_policy_id = policy.merge_policy_id
    inner join chosen on fact_segment_by_namespace.segment_name = chosen.segment_name
),

latest as (
    select
        fact_segment_by_namespace.namespace,
        fact_segment_by_namespace.profile_count
    from insights.fact_segment_by_namespace
    inner join policy on fact_segment_by_namespace.merge_policy_id = policy.merge_policy_id
    inner join chosen on fact_segment_by_namespace.segment_name = chosen.segment_name
    inner join latest_day on fact_segment_by_namespace.date_key = latest_day.date_key
)

select
    replace(namespace, '_', ' ') as namespace_label,
    profile_count
from latest
order by profile_count desc, namespace asc
