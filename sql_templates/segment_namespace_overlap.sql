-- title: Identity overlap of a segment
-- question: How many people of a segment have two kinds of identity at once?
-- grain: One row per segment and pair of namespaces, most people in both first.
-- note: People in both are those of every combination that holds both kinds.
-- chart: a Venn diagram of profile_count_a, profile_count_b and profile_count_both.
-- parameters:
--   merge_policy: {type: text, options: merge_policies, about: The merge policy; the default one when unset.}
--   segment: {type: text, options: segments, about: The segment; every segment when unset.}
--   namespace_a: {type: text, options: namespaces, about: The first kind of identity; every kind when unset.}
--   namespace_b: {type: text, options: namespaces, about: The second kind; every other kind when unset.}
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

-- How many people have each exact combination, with a row per kind of identity in it.
combinations as (
    select
        fact_namespace_overlap_by_segment.segment_id,
        fact_namespace_overlap_by_segment.overlap_id,
        dim_namespace.namespace,
        fact_namespace_overlap_by_segment.profile_count
    from insights.fact_namespace_overlap_by_segment
    inner join latest
        on
            fact_namespace_overlap_by_segment.merge_policy_id = latest.merge_policy_id
            and fact_namespace_overlap_by_segment.date_key = latest.date_key
    inner join insights.dim_segment on fact_namespace_overlap_by_segment.segment_id = dim_segment.segment_id
    inner join insights.dim_namespace_overlap
        on
            fact_namespace_overlap_by_segment.overlap_id = dim_namespace_overlap.overlap_id
            and fact_namespace_overlap_by_segment.merge_policy_id = dim_namespace_overlap.merge_policy_id
    inner join insights.dim_namespace
        on dim_namespace_overlap.namespace_id = dim_namespace.namespace_id
    where dim_segment.segment_name = coalesce(getvariable('segment'), dim_segment.segment_name)
),

totals as (
    select
        segment_id,
        namespace,
        cast(sum(profile_count) as bigint) as profile_count
    from combinations
    group by segment_id, namespace
),

pairs as (
    select
        total_a.segment_id,
        total_a.namespace as namespace_a,
        total_b.namespace as namespace_b,
        total_a.profile_count as profile_count_a,
        total_b.profile_count as profile_count_b
    from totals as total_a
    inner join totals as total_b
        on total_a.segment_id = total_b.segment_id and total_a.namespace <> total_b.namespace
    where
        total_a.namespace = coalesce(getvariable('namespace_a'), total_a.namespace)
        and total_b.namespace = coalesce(getvariable('namespace_b'), total_b.namespace)
        -- Each pair once, unless it is asked for in the other order.
        and (
            total_a.namespace < total_b.namespace
            or getvariable('namespace_a') is not null
            or getvariable('namespace_b') is not null
        )
),

shared as (
    select
        first_one.segment_id,
        first_one.namespace as namespace_a,
        second_one.namespace as namespace_b,
        cast(sum(first_one.profile_count) as bigint) as profile_count
    from combinations as first_one
    inner join combinations as second_one
        on
            first_one.segment_id = second_one.segment_id
            and first_one.overlap_id = second_one.overlap_id
    group by first_one.segment_id, first_one.namespace, second_one.namespace
)

select
    dim_segment.title,
    pairs.namespace_a,
    pairs.namespace_b,
    pairs.profile_count_a,
    pairs.profile_count_b,
    coalesce(shared.profile_count, 0) as profile_count_both
from pairs
inner join insights.dim_segment on pairs.segment_id = dim_segment.segment_id
left join shared
    on
        pairs.segment_id = shared.segment_id and pairs.namespace_a = shared.namespace_a
        and pairs.namespace_b = shared.namespace_b
order by dim_segment.title asc, profile_count_both desc, pairs.namespace_a asc, pairs.namespace_b asc
