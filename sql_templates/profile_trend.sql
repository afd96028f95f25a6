-- title: Profiles day by day
-- question: How has the number of profiles moved, beside the window before?
-- grain: One row per day of the window, by day.
-- note: >-
--   profile_count_before is that of the same place in the window before. change_count is against
--   the day before that is known.
-- chart: lines of profile_count and profile_count_before by date_key.
-- parameters:
--   days: {type: integer, default: 90, options: windows, about: Days of the window.}
--   until: {type: date, options: published_days, about: Last day; the latest when unset.}
with

period as (
    select
        max(date_key) as until_on,
        max(date_key)
        - coalesce(try_cast(getvariable('days') as integer), 90) as since_on
    from insights.fact_profile
    where date_key <= coalesce(try_cast(getvariable('until') as date), date_key)
)

select
    fact_profile.date_key,
    fact_profile.profile_count,
    before_day.profile_count as profile_count_before,
    fact_profile.known_profile_count,
    fact_profile.anonymous_profile_count,
    fact_profile.profile_count
    - lag(fact_profile.profile_count) over (order by fact_profile.date_key) as change_count
from insights.fact_profile
inner join period
    on fact_profile.date_key > period.since_on and fact_profile.date_key <= period.until_on
left join insights.fact_profile as before_day
    on
        before_day.date_key
        = fact_profile.date_key - cast(period.until_on - period.since_on as integer)
order by fact_profile.date_key asc
