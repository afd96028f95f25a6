-- title: Two audiences
-- question: How do two segments compare, and whom do they share?
-- grain: One row.
-- note: >-
--   What is shared is missing for a segment beside itself.
-- chart: a card per figure.
-- parameters:
--   segment: {type: text, options: segments, about: The segment; the first by title when unset.}
--   other_segment:
--     {type: text, options: segments, about: The other; the second by title when unset.}
with

latest as (
    select max(date_key) as date_key
    from insights.fact_segment_overlap
),

ranked as (
    select
        segment_name,
        title,
        row_number() over (order by title asc, segment_name asc) as place
    from insights.dim_segment
),

chosen as (
    select
        coalesce(getvariable('segment'), max(segment_name) filter (where place = 1)) as segment_a,
        coalesce(getvariable('other_segment'), max(segment_name) filter (where place = 2)) as segment_b
    from ranked
),

shared as (
    select
        sum(fact_segment_overlap.profile_count) as profile_count,
        max(fact_segment_overlap.jaccard) as jaccard
    from insights.fact_segment_overlap
    inner join latest on fact_segment_overlap.date_key = latest.date_key
    inner join chosen
        on
            (
                fact_segment_overlap.segment_name_a = chosen.segment_a
                and fact_segment_overlap.segment_name_b = chosen.segment_b
            )
            or (
                fact_segment_overlap.segment_name_a = chosen.segment_b
                and fact_segment_overlap.segment_name_b = chosen.segment_a
            )
)

select
    size_a.profile_count as profile_count_a,
    size_b.profile_count as profile_count_b,
    size_a.profile_count - size_b.profile_count as difference_count,
    cast(shared.profile_count as bigint) as shared_count,
    shared.jaccard,
    cast(shared.profile_count as double) / nullif(size_a.profile_count, 0) as share_of_a,
    cast(shared.profile_count as double) / nullif(size_b.profile_count, 0) as share_of_b
from chosen
cross join latest
cross join shared
left join insights.fact_segment as size_a
    on chosen.segment_a = size_a.segment_name and latest.date_key = size_a.date_key
left join insights.fact_segment as size_b
    on chosen.segment_b = size_b.segment_name and latest.date_key = size_b.date_key
