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
)

select
    daily.date_key,
    daily.profile_count,
    before_day.profile_count as profile_count_before,
    daily.known_profile_count,
    daily.anonymous_profile_count,
    daily.single_identity_profile_count,
    daily.unsegmented_profile_count,
    daily.profile_count - lag(daily.profile_count) over (order by daily.date_key) as change_count
from daily
inner join period on daily.date_key > period.since_on and daily.date_key <= period.until_on
left join daily as before_day
    on
        before_day.date_key
        = daily.date_key - cast(period.until_on - period.since_on as integer)
order by daily.date_key asc
