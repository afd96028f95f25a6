-- title: Combinations of identities in a segment
-- question: Which kinds of identity do people of a segment have together?
-- grain: One row per segment and exact combination of namespaces, most people first.
-- chart: bars of profile_count by combination_label.
-- parameters:
--   merge_policy: {type: text, options: merge_policies, about: The merge policy; the default one when unset.}
--   segment: {type: text, options: segments, about: The segment; every segment when unset.}
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

labels as (
    select
        dim_namespace_overlap.overlap_id,
        string_agg(dim_namespace.namespace, ' + ' order by dim_namespace.namespace asc nulls first)
            as combination_label,
        count(*) as namespace_count
    from insights.dim_namespace_overlap
    inner join latest on dim_namespace_overlap.merge_policy_id = latest.merge_policy_id
    inner join insights.dim_namespace
        on dim_namespace_overlap.namespace_id = dim_namespace.namespace_id
    group by dim_namespace_overlap.overlap_id
)

select
    dim_segment.title,
    labels.combination_label,
    labels.namespace_count,
    fact_namespace_overlap_by_segment.profile_count
from insights.fact_namespace_overlap_by_segment
inner join latest
    on
        fact_namespace_overlap_by_segment.merge_policy_id = latest.merge_policy_id
        and fact_namespace_overlap_by_segment.date_key = latest.date_key
inner join labels on fact_namespace_overlap_by_segment.overlap_id = labels.overlap_id
inner join insights.dim_segment
    on fact_namespace_overlap_by_segment.segment_id = dim_segment.segment_id
where dim_segment.segment_name = coalesce(getvariable('segment'), dim_segment.segment_name)
order by
    dim_segment.title asc,
    fact_namespace_overlap_by_segment.profile_count desc,
    labels.combination_label asc
