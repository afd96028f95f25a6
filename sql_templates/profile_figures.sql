-- title: Profiles at a glance
-- question: How many profiles are there, and how has that changed over the window?
-- grain: One row, of the last day of the window.
-- chart: a card per figure.
-- parameters:
--   days: {type: integer, default: 90, options: windows, about: Days of the window.}
--   until: {type: date, options: published_days, about: Last day; the latest when unset.}
--   merge_policy: {type: text, options: merge_policies, about: The default one when unset.}
with

policy as (
    select merge_policy_id
    from insights.dim_merge_policy
    where
        merge_policy_name = getvariable('merge_policy')
        or (getvariable('merge_policy') is null and is_default)
),

period as (
    select
        max(fact_profile.date_key) as until_on,
        max(fact_profile.date_key)
        - coalesce(try_cast(getvariable('days') as integer), 90) as since_on
    from insights.fact_profile
    inner join policy on fact_profile.merge_policy_id = policy.merge_policy_id
    where fact_profile.date_key <= coalesce(try_cast(getvariable('until') as date), fact_profile.date_key)
),

daily as (
    select
        fact_profile.date_key,
        fact_profile.profile_count,
        fact_profile.known_profile_count,
        fact_profile.anonymous_profile_count,
        fact_profile.single_identity_profile_count,
        fact_profile.unsegmented_profile_count,
        fact_profile.record_count
    from insights.fact_profile
    inner join policy on fact_profile.merge_policy_id = policy.merge_policy_id
),

-- The day with which is compared: the last one before the window, else the first one in it.
comparison as (
    select
        coalesce(
            max(daily.date_key) filter (where daily.date_key <= period.since_on),
            min(daily.date_key) filter (where daily.date_key < period.until_on)
        ) as before_on
    from daily
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
inner join daily as current_day on period.until_on = current_day.date_key
cross join comparison
left join daily as before_day on comparison.before_on = before_day.date_key
