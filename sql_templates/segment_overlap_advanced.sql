-- title: Advanced segment overlaps
-- question: Which pairs of segments overlap by how much, beside their sizes?
-- grain: One row per pair of segments that is within the filters, the most alike first.
-- note: jaccard_percent is the shared people by the people in either; 100 where both are empty.
-- chart: a table, or a heat map of jaccard_percent.
-- parameters:
--   merge_policy: {type: text, options: merge_policies, about: The merge policy; the default one when unset.}
--   segment: {type: text, options: segments, about: The segment; every segment when unset.}
--   least_count: {type: integer, default: 0, about: People that a pair shares at least.}
--   least_percent: {type: number, default: 0, about: Jaccard index in per cent at least.}
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

sizes as (
    select
        dim_segment.segment_id,
        dim_segment.segment_name,
        dim_segment.title,
        fact_segment.profile_count
    from insights.fact_segment
    inner join latest
        on
            fact_segment.merge_policy_id = latest.merge_policy_id
            and fact_segment.date_key = latest.date_key
    inner join insights.dim_segment on fact_segment.segment_id = dim_segment.segment_id
)

select
    size_a.title as title_a,
    size_b.title as title_b,
    size_a.profile_count as profile_count_a,
    size_b.profile_count as profile_count_b,
    fact_segment_overlap.profile_count as profile_count_both,
    100 * fact_segment_overlap.jaccard as jaccard_percent
from insights.fact_segment_overlap
inner join latest
    on
        fact_segment_overlap.merge_policy_id = latest.merge_policy_id
        and fact_segment_overlap.date_key = latest.date_key
inner join sizes as size_a on fact_segment_overlap.segment_id_a = size_a.segment_id
inner join sizes as size_b on fact_segment_overlap.segment_id_b = size_b.segment_id
where
    (
        getvariable('segment') is null
        or size_a.segment_name = getvariable('segment')
        or size_b.segment_name = getvariable('segment')
    )
    and fact_segment_overlap.profile_count >= coalesce(getvariable('least_count'), 0)
    and 100 * fact_segment_overlap.jaccard >= coalesce(getvariable('least_percent'), 0)
order by jaccard_percent desc, size_a.title asc, size_b.title asc
