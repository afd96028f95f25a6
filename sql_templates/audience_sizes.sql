-- title: Audiences by size
-- question: Which segments are the largest, and how have they changed over the window?
-- grain: One row per segment, the largest first.
-- note: >-
--   profile_count_before is missing where the segment was not known before the window.
-- chart: bars of profile_count by title.
-- parameters:
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

-- On the first day that is known everybody has entered, which is no news.
first_days as (
    select
        segment_name,
        min(date_key) as date_key
    from insights.fact_segment_size
    group by segment_name
),

sizes as (
    select
        fact_segment_size.segment_name,
        max(fact_segment_size.profile_count)
        filter (where fact_segment_size.date_key = period.until_on) as profile_count,
        arg_max(fact_segment_size.profile_count, fact_segment_size.date_key)
        filter (where fact_segment_size.date_key <= period.since_on) as profile_count_before,
        cast(
            sum(fact_segment_size.entered_count)
            filter (
                where fact_segment_size.date_key > greatest(period.since_on, first_days.date_key)
            ) as bigint
        ) as entered_count,
        cast(
            sum(fact_segment_size.left_count)
            filter (
                where fact_segment_size.date_key > greatest(period.since_on, first_days.date_key)
            ) as bigint
        ) as left_count
    from insights.fact_segment_size
    inner join period on fact_segment_size.date_key <= period.until_on
    inner join first_days on fact_segment_size.segment_name = first_days.segment_name
    group by fact_segment_size.segment_name
)

select
    sizes.segment_name,
    dim_segment.title,
    sizes.profile_count,
    sizes.profile_count_before,
    sizes.profile_count - sizes.profile_count_before as change_count,
    sizes.entered_count,
    sizes.left_count
from sizes
inner join insights.dim_segment on sizes.segment_name = dim_segment.segment_name
where sizes.profile_count is not null
order by sizes.profile_count desc, dim_segment.title asc
