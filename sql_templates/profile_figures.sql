-- title: Profiles at a glance
-- question: How many profiles are there, and how has that changed over the window?
-- grain: One row, of the last day of the window.
-- chart: a card per figure.
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
),

-- The day with which is compared: the last one before the window, else the first one in it.
comparison as (
    select
        coalesce(
            max(fact_profile.date_key) filter (where fact_profile.date_key <= period.since_on),
            min(fact_profile.date_key) filter (where fact_profile.date_key < period.until_on)
        ) as before_on
    from insights.fact_profile
    cross join period
)

select
    current_day.date_key,
    comparison.before_on,
    current_day.profile_count,
    current_day.known_profile_count,
    current_day.anonymous_profile_count,
    current_day.single_identity_profile_count,
    current_day.unsegmented_profile_count,
    current_day.record_count,
    before_day.profile_count as profile_count_before,
    before_day.known_profile_count as known_profile_count_before,
    before_day.anonymous_profile_count as anonymous_profile_count_before,
    before_day.single_identity_profile_count as single_identity_profile_count_before,
    before_day.unsegmented_profile_count as unsegmented_profile_count_before
from period
inner join insights.fact_profile as current_day on period.until_on = current_day.date_key
cross join comparison
left join insights.fact_profile as before_day on comparison.before_on = before_day.date_key
