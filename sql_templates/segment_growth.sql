-- title: Segment growth
-- question: How have the segments grown within the window, and how many people came and went?
-- grain: One row per segment, the one that gained most first.
-- note: The window begins with its first refresh day; who came and went twice counts twice.
-- chart: bars of profile_count_change by title.
-- parameters:
--   segment: {type: text, options: segments, about: The segment; every segment when unset.}
--   days: {type: integer, default: 30, about: How many days back from the latest.}
with

latest as (
    select max(date_key) as date_key
    from insights.fact_segment_size
),

sized as (
    select
        fact_segment_size.segment_name,
        fact_segment_size.date_key,
        fact_segment_size.profile_count,
        fact_segment_size.entered_count,
        fact_segment_size.left_count,
        row_number() over (
            partition by fact_segment_size.segment_name
            order by fact_segment_size.date_key asc
        ) as place,
        row_number() over (
            partition by fact_segment_size.segment_name
            order by fact_segment_size.date_key desc
        ) as place_from_end
    from insights.fact_segment_size
    cross join latest
    where date_diff('day', fact_segment_size.date_key, latest.date_key) <= coalesce(getvariable('days'), 30)
),

grown as (
    select
        segment_name,
        cast(sum(case when place = 1 then profile_count else 0 end) as bigint)
            as profile_count_before,
        cast(sum(case when place_from_end = 1 then profile_count else 0 end) as bigint)
            as profile_count,
        cast(sum(case when place > 1 then entered_count else 0 end) as bigint) as entered_count,
        cast(sum(case when place > 1 then left_count else 0 end) as bigint) as left_count
    from sized
    group by segment_name
)

select
    dim_segment.title,
    grown.profile_count_before,
    grown.profile_count,
    grown.profile_count - grown.profile_count_before as profile_count_change,
    cast(grown.profile_count - grown.profile_count_before as double)
    / nullif(grown.profile_count_before, 0) as growth,
    grown.entered_count,
    grown.left_count
from grown
inner join insights.dim_segment on grown.segment_name = dim_segment.segment_name
where dim_segment.segment_name = coalesce(getvariable('segment'), dim_segment.segment_name)
order by profile_count_change desc, dim_segment.title asc
