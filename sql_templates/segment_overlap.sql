-- title: Segment overlap
-- question: Which segments hold the same people?
-- grain: One row per pair of segments, the most alike first.
-- note: >-
--   jaccard is the shared people by the people in either; share_of_a and share_of_b say how much
--   of each segment lies in the other.
-- chart: bars of profile_count by pair, or a heat map of jaccard.
-- parameters:
--   merge_policy: {type: text, options: merge_policies, about: The merge policy; the default one when unset.}
--   most_or_least: {type: text, default: most, options: [most, least], about: Which end of the list.}
--   rows: {type: integer, default: 50, about: Most rows.}
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

ranked as (
    select
        size_a.title as title_a,
        size_b.title as title_b,
        fact_segment_overlap.profile_count,
        fact_segment_overlap.jaccard,
        cast(fact_segment_overlap.profile_count as double)
        / nullif(size_a.profile_count, 0) as share_of_a,
        cast(fact_segment_overlap.profile_count as double)
        / nullif(size_b.profile_count, 0) as share_of_b,
        row_number() over (
            order by
                case when coalesce(getvariable('most_or_least'), 'most') = 'least' then 1 else -1 end
                * fact_segment_overlap.jaccard asc,
                size_a.title asc,
                size_b.title asc
        ) as place
    from insights.fact_segment_overlap
    inner join latest
        on
            fact_segment_overlap.merge_policy_id = latest.merge_policy_id
            and fact_segment_overlap.date_key = latest.date_key
    inner join sizes as size_a on fact_segment_overlap.segment_id_a = size_a.segment_id
    inner join sizes as size_b on fact_segment_overlap.segment_id_b = size_b.segment_id
)

select
    title_a,
    title_b,
    profile_count,
    jaccard,
    share_of_a,
    share_of_b
from ranked
where place <= coalesce(getvariable('rows'), 50)
order by place asc
