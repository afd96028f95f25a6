-- title: Two audiences
-- question: How do two segments compare, and whom do they share?
-- grain: One row.
-- note: >-
--   What is shared is missing for a segment beside itself.
-- chart: a card per figure.
-- parameters:
--   segment: {type: text, options: segments, about: The segment; the first by title when unset.}
--   other_segment:
--     {type: text, options: segments, about: The other; the one most like the first when unset.}
with

latest as (
    select max(date_key) as date_key
    from insights.fact_segment_overlap
),

first_segment as (
    select coalesce(getvariable('segment'), min_by(segment_name, (title, segment_name))) as segment_name
    from insights.dim_segment
),

-- Its pairs, seen from it.
pairs as (
    select
        fact_segment_overlap.profile_count,
        fact_segment_overlap.jaccard,
        case
            when fact_segment_overlap.segment_name_a = first_segment.segment_name
                then fact_segment_overlap.segment_name_b
            else fact_segment_overlap.segment_name_a
        end as segment_name
    from insights.fact_segment_overlap
    inner join latest on fact_segment_overlap.date_key = latest.date_key
    inner join first_segment
        on
            first_segment.segment_name
            in (fact_segment_overlap.segment_name_a, fact_segment_overlap.segment_name_b)
),

chosen as (
    select
        first_segment.segment_name as segment_a,
        coalesce(
            getvariable('other_segment'),
            arg_max(pairs.segment_name, (pairs.jaccard, pairs.segment_name))
        ) as segment_b
    from first_segment
    left join pairs on first_segment.segment_name is not null
    group by first_segment.segment_name
)

select
    segment_a.title as title_a,
    segment_b.title as title_b,
    size_a.profile_count as profile_count_a,
    size_b.profile_count as profile_count_b,
    size_a.profile_count - size_b.profile_count as difference_count,
    pairs.profile_count as shared_count,
    pairs.jaccard,
    cast(pairs.profile_count as double) / nullif(size_a.profile_count, 0) as share_of_a,
    cast(pairs.profile_count as double) / nullif(size_b.profile_count, 0) as share_of_b
from chosen
cross join latest
inner join insights.dim_segment as segment_a on chosen.segment_a = segment_a.segment_name
left join insights.dim_segment as segment_b on chosen.segment_b = segment_b.segment_name
left join pairs on chosen.segment_b = pairs.segment_name
left join insights.fact_segment as size_a
    on chosen.segment_a = size_a.segment_name and latest.date_key = size_a.date_key
left join insights.fact_segment as size_b
    on chosen.segment_b = size_b.segment_name and latest.date_key = size_b.date_key
