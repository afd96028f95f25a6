-- title: Profiles by identity day by day
-- question: How have the kinds of identity moved within the window?
-- grain: One row per kind and day, the five most common on the last day, by kind and day.
-- chart: lines of profile_count by date_key, one per namespace.
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
        max(fact_profile_by_namespace.date_key) as until_on,
        max(fact_profile_by_namespace.date_key)
        - coalesce(try_cast(getvariable('days') as integer), 90) as since_on
    from insights.fact_profile_by_namespace
    inner join policy on fact_profile_by_namespace.merge_policy_id = policy.merge_policy_id
    where
        fact_profile_by_namespace.date_key
        <= coalesce(try_cast(getvariable('until') as date), fact_profile_by_namespace.date_key)
),

daily as (
    select
        fact_profile_by_namespace.date_key,
        fact_profile_by_namespace.namespace,
        fact_profile_by_namespace.profile_count,
        fact_profile_by_namespace.single_identity_profile_count
    from insights.fact_profile_by_namespace
    inner join policy on fact_profile_by_namespace.merge_policy_id = policy.merge_policy_id
),

ranked as (
    select
        daily.namespace,
        row_number() over (order by daily.profile_count desc, daily.namespace asc) as place
    from daily
    inner join period on daily.date_key = period.until_on
)

select
    daily.date_key,
    daily.namespace,
    replace(daily.namespace, '_', ' ') as namespace_label,
    daily.profile_count,
    daily.single_identity_profile_count,
    daily.profile_count - lag(daily.profile_count) over (
        partition by daily.namespace
        order by daily.date_key
    ) as change_count
from daily
inner join period on daily.date_key > period.since_on and daily.date_key <= period.until_on
inner join ranked on daily.namespace = ranked.namespace
where ranked.place <= 5
order by daily.namespace asc, daily.date_key asc
