-- title: Completeness day by day
-- question: How has the completeness of the profiles moved within the window?
-- grain: One row per bucket and day, the least filled first, by day.
-- chart: lines of profile_count by date_key, one per bucket_label.
-- parameters:
--   days: {type: integer, default: 90, options: windows, about: Days of the window.}
--   until: {type: date, options: published_days, about: Last day; the latest when unset.}
with

period as (
    select
        max(date_key) as until_on,
        max(date_key)
        - coalesce(try_cast(getvariable('days') as integer), 90) as since_on
    from insights.fact_profile_completeness
    where date_key <= coalesce(try_cast(getvariable('until') as date), date_key)
)

select
    fact_profile_completeness.date_key,
    replace(fact_profile_completeness.bucket, '-', ' to ') || ' %' as bucket_label,
    fact_profile_completeness.profile_count
from insights.fact_profile_completeness
inner join period
    on
        fact_profile_completeness.date_key > period.since_on
        and fact_profile_completeness.date_key <= period.until_on
order by fact_profile_completeness.bucket asc, fact_profile_completeness.date_key asc
