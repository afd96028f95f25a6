-- title: Overlap of two segments
-- question: How many people are in both of two segments, and in one only?
-- grain: One row per pair of segments, most people in both first.
-- chart: a Venn diagram of only_a_count, only_b_count and profile_count_both.
-- parameters:
--   merge_policy: {type: text, options: merge_policies, about: The merge policy; the default one when unset.}
--   segment_a: {type: text, options: segments, about: The first segment; every segment when unset.}
--   segment_b: {type: text, options: segments, about: The second segment; every other one when unset.}
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
),

-- Each pair in both orders.
pairs as (
    select
        merge_policy_id,
        date_key,
        segment_id_a,
        segment_id_b,
        profile_count
    from insights.fact_segment_overlap
    union all
    select
        merge_policy_id,
        date_key,
        segment_id_b as segment_id_a,
        segment_id_a as segment_id_b,
        profile_count
    from insights.fact_segment_overlap
)

select
    size_a.title as title_a,
    size_b.title as title_b,
    size_a.profile_count - pairs.profile_count as only_a_count,
    size_b.profile_count - pairs.profile_count as only_b_count,
    pairs.profile_count as profile_count_both
from pairs
inner join latest
    on
        pairs.merge_policy_id = latest.merge_policy_id
        and pairs.date_key = latest.date_key
inner join sizes as size_a on pairs.segment_id_a = size_a.segment_id
inner join sizes as size_b on pairs.segment_id_b = size_b.segment_id
where
    size_a.segment_name = coalesce(getvariable('segment_a'), size_a.segment_name)
    and size_b.segment_name = coalesce(getvariable('segment_b'), size_b.segment_name)
    and (
        size_a.segment_name < size_b.segment_name
        or getvariable('segment_a') is not null
        or getvariable('segment_b') is not null
    )
order by profile_count_both desc, size_a.title asc, size_b.title asc
