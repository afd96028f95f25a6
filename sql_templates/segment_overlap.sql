-- title: Segment overlap
-- question: Which segments hold the same people?
-- grain: One row per pair of segments, the most alike first.
-- note: >-
--   jaccard is the shared people by the people in either; share_of_a and share_of_b say how much
--   of each segment lies in the other.
-- chart: bars of profile_count by pair, or a heat map of jaccard.
with

latest as (
    select max(date_key) as date_key
    from insights.fact_segment_overlap
)

select
    segment_a.title as title_a,
    segment_b.title as title_b,
    fact_segment_overlap.profile_count,
    fact_segment_overlap.jaccard,
    cast(fact_segment_overlap.profile_count as double)
    / nullif(size_a.profile_count, 0) as share_of_a,
    cast(fact_segment_overlap.profile_count as double)
    / nullif(size_b.profile_count, 0) as share_of_b
from insights.fact_segment_overlap
inner join latest on fact_segment_overlap.date_key = latest.date_key
inner join insights.dim_segment as segment_a
    on fact_segment_overlap.segment_name_a = segment_a.segment_name
inner join insights.dim_segment as segment_b
    on fact_segment_overlap.segment_name_b = segment_b.segment_name
inner join insights.fact_segment as size_a
    on
        fact_segment_overlap.segment_name_a = size_a.segment_name
        and fact_segment_overlap.date_key = size_a.date_key
inner join insights.fact_segment as size_b
    on
        fact_segment_overlap.segment_name_b = size_b.segment_name
        and fact_segment_overlap.date_key = size_b.date_key
order by fact_segment_overlap.jaccard desc, title_a asc, title_b asc
