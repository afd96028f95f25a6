-- title: Combinations of identities
-- question: Which kinds of identity do people have together?
-- grain: One row per combination, at most 20, the most common first. A person is in exactly one.
-- chart: bars of profile_count by combination.
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

combinations as (
    select
        dim_namespace_overlap.overlap_id,
        string_agg(
            replace(dim_namespace.namespace, '_', ' '), ' + '
            order by dim_namespace.priority asc nulls first, dim_namespace.namespace asc nulls first
        ) as combination,
        count(*) as namespace_count
    from insights.dim_namespace_overlap
    inner join policy on dim_namespace_overlap.merge_policy_id = policy.merge_policy_id
    inner join insights.dim_namespace
        on dim_namespace_overlap.namespace_id = dim_namespace.namespace_id
    group by dim_namespace_overlap.overlap_id
),

daily as (
    select
        fact_namespace_overlap.date_key,
        fact_namespace_overlap.overlap_id,
        fact_namespace_overlap.profile_count
    from insights.fact_namespace_overlap
    inner join policy on fact_namespace_overlap.merge_policy_id = policy.merge_policy_id
),

latest as (
    select
        overlap_id,
        profile_count
    from daily
    qualify date_key = max(date_key) over ()
)

select
    coalesce(combinations.combination, 'other, or none') as combination,
    combinations.namespace_count,
    latest.profile_count,
    cast(latest.profile_count as double)
    / nullif(sum(latest.profile_count) over (), 0) as profile_share
from latest
left join combinations on latest.overlap_id = combinations.overlap_id
where latest.profile_count > 0
order by latest.profile_count desc, combination asc
limit 20
