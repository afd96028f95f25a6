-- title: Overlaps of an audience
-- question: With which other segments does a segment share people?
-- grain: One row per other segment, the one with most shared people first.
-- note: >-
--   jaccard is the shared people by the people in either.
-- chart: bars of profile_count by other_title.
-- parameters:
--   segment: {type: text, options: segments, about: The segment; the first by title when unset.}
with

latest as (
    select max(date_key) as date_key
    from insights.fact_segment_overlap
),

chosen as (
    select coalesce(getvariable('segment'), min_by(segment_name, (title, segment_name))) as segment_name
    from insights.dim_segment
),

pairs as (
    select
        fact_segment_overlap.segment_name_a as segment_name,
        fact_segment_overlap.segment_name_b as other_segment_name,
        fact_segment_overlap.profile_count,
        fact_segment_overlap.jaccard
    from insights.fact_segment_overlap
    inner join latest on fact_segment_overlap.date_key = latest.date_key
    union all
    select
        fact_segment_overlap.segment_name_b as segment_name,
        fact_segment_overlap.segment_name_a as other_segment_name,
        fact_segment_overlap.profile_count,
        fact_segment_overlap.jaccard
    from insights.fact_segment_overlap
    inner join latest on fact_segment_overlap.date_key = latest.date_key
)

select
    pairs.segment_name,
    pairs.other_segment_name,
    dim_segment.title as other_title,
    pairs.profile_count,
    pairs.jaccard,
    cast(pairs.profile_count as double) / nullif(fact_segment.profile_count, 0) as share_of_segment
from pairs
inner join chosen on pairs.segment_name = chosen.segment_name
inner join insights.dim_segment on pairs.other_segment_name = dim_segment.segment_name
cross join latest
left join insights.fact_segment
    on
        pairs.segment_name = fact_segment.segment_name
        and latest.date_key = fact_segment.date_key
order by pairs.profile_count desc, dim_segment.title asc
