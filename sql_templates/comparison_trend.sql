-- title: Two audiences day by day
-- question: How have two segments grown within the window?
-- grain: One row per segment and day, by title and day.
-- chart: lines of profile_count by date_key, one per title.
-- parameters:
--   segment: {type: text, options: segments, about: The segment; the first by title when unset.}
--   other_segment:
--     {type: text, options: segments, about: The other; the one most like the first when unset.}
--   days: {type: integer, default: 90, options: windows, about: Days of the window.}
--   until: {type: date, options: published_days, about: Last day; the latest when unset.}
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
),

period as (
    select
        max(date_key) as until_on,
        max(date_key)
        - coalesce(try_cast(getvariable('days') as integer), 90) as since_on
    from insights.fact_segment_size
    where date_key <= coalesce(try_cast(getvariable('until') as date), date_key)
)

select
    fact_segment_size.date_key,
    dim_segment.title,
    fact_segment_size.profile_count
from insights.fact_segment_size
inner join period
    on
        fact_segment_size.date_key > period.since_on
        and fact_segment_size.date_key <= period.until_on
inner join chosen on fact_segment_size.segment_name in (chosen.segment_a, chosen.segment_b)
inner join insights.dim_segment on fact_segment_size.segment_name = dim_segment.segment_name
order by dim_segment.title asc, fact_segment_size.date_key asc
