-- title: Audiences day by day
-- question: How have the segments grown within the window?
-- grain: One row per segment and day, by title and day.
-- note: >-
--   left_count is negative, so that it is drawn below what entered.
-- chart: lines of profile_count by date_key, one per title.
-- parameters:
--   segment: {type: text, options: segments, about: The segment; the five largest when unset.}
--   days: {type: integer, default: 90, options: windows, about: Days of the window.}
--   until: {type: date, options: published_days, about: Last day; the latest when unset.}
with

period as (
    select
        max(date_key) as until_on,
        max(date_key)
        - coalesce(try_cast(getvariable('days') as integer), 90) as since_on
    from insights.fact_segment_size
    where date_key <= coalesce(try_cast(getvariable('until') as date), date_key)
),

ranked as (
    select
        fact_segment_size.segment_name,
        row_number() over (
            order by fact_segment_size.profile_count desc, fact_segment_size.segment_name asc
        ) as place
    from insights.fact_segment_size
    inner join period on fact_segment_size.date_key = period.until_on
)

select
    fact_segment_size.date_key,
    dim_segment.title,
    fact_segment_size.profile_count,
    fact_segment_size.entered_count,
    -fact_segment_size.left_count as left_count
from insights.fact_segment_size
inner join period
    on
        fact_segment_size.date_key > period.since_on
        and fact_segment_size.date_key <= period.until_on
inner join insights.dim_segment on fact_segment_size.segment_name = dim_segment.segment_name
left join ranked on fact_segment_size.segment_name = ranked.segment_name
where
    fact_segment_size.segment_name = getvariable('segment')
    or (getvariable('segment') is null and ranked.place <= 5)
order by dim_segment.title asc, fact_segment_size.date_key asc
