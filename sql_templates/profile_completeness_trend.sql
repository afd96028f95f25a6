-- title: Profile completeness trend
-- question: How has the completeness of profiles developed?
-- grain: One row per bucket of completeness and day of the window.
-- chart: lines of profile_count by date_key, one per bucket.
-- parameters:
--   days: {type: integer, default: 30, about: How many days back from the latest.}
with

latest as (
    select max(date_key) as date_key
    from insights.fact_profile_completeness
)

select
    fact_profile_completeness.bucket,
    fact_profile_completeness.date_key,
    fact_profile_completeness.profile_count,
    fact_profile_completeness.mean_percent
from insights.fact_profile_completeness
cross join latest
where
    date_diff('day', fact_profile_completeness.date_key, latest.date_key) <= coalesce(getvariable('days'), 30)
order by fact_profile_completeness.bucket asc, fact_profile_completeness.date_key asc
