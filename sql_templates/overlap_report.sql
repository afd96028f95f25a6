-- title: Overlap report
-- question: Which pairs of segments hold most of the same people, and which least?
-- grain: One row per pair, at most 50, the most or the least alike first.
-- note: >-
--   jaccard is the shared people by the people in either segment.
-- chart: a table.
-- parameters:
--   overlap_order: {type: text, options: overlap_orders, about: The most alike first when unset.}
--   segment: {type: text, options: segments, about: Only pairs with it; all when unset.}
with

latest as (
    select max(date_key) as date_key
    from insights.fact_segment_overlap
),

measured as (
    select
        fact_segment_overlap.segment_name_a,
        fact_segment_overlap.segment_name_b,
        segment_a.title as title_a,
        segment_b.title as title_b,
        size_a.profile_count as profile_count_a,
        size_b.profile_count as profile_count_b,
        fact_segment_overlap.profile_count,
        fact_segment_overlap.jaccard,
        case when getvariable('overlap_order') = 'least' then 1 else -1 end
        * fact_segment_overlap.jaccard as place
    from insights.fact_segment_overlap
    inner join latest on fact_segment_overlap.date_key = latest.date_key
    inner join insights.dim_segment as segment_a
        on fact_segment_overlap.segment_name_a = segment_a.segment_name
    inner join insights.dim_segment as segment_b
        on fact_segment_overlap.segment_name_b = segment_b.segment_name
    left join insights.fact_segment as size_a
        on
            fact_segment_overlap.segment_name_a = size_a.segment_name
            and fact_segment_overlap.date_key = size_a.date_key
    left join insights.fact_segment as size_b
        on
            fact_segment_overlap.segment_name_b = size_b.segment_name
            and fact_segment_overlap.date_key = size_b.date_key
    where
        coalesce(getvariable('segment'), fact_segment_overlap.segment_name_a)
        in (fact_segment_overlap.segment_name_a, fact_segment_overlap.segment_name_b)
)

select
    segment_name_a,
    segment_name_b,
    title_a,
    title_b,
    profile_count_a,
    profile_count_b,
    profile_count,
    jaccard
from measured
order by place asc, title_a asc, title_b asc
limit 50
