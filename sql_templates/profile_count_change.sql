-- title: Profile count change
-- question: How many more people are there than at the begin of the window?
-- grain: >-
--   One row: the latest day beside the earliest day within the window.
-- note: >-
--   Where history is shorter than the window its first day is compared with, so the first load
--   is no growth.
-- chart: a card.
-- parameters:
--   merge_policy: {type: text, options: merge_policies, about: The merge policy; the default one when unset.}
--   days: {type: integer, default: 30, about: How many days back from the latest.}
with

latest as (
    select
        fact_profile.merge_policy_id,
        max(fact_profile.date_key) as date_key
    from insights.fact_profile
    inner join insights.dim_merge_policy
        on fact_profile.merge_policy_id = dim_merge_policy.merge_policy_id
    where
        dim_merge_policy.merge_policy_name = getvariable('merge_policy')
        or (getvariable('merge_policy') is null and dim_merge_policy.is_default)
    group by fact_profile.merge_policy_id
),

-- The days of the window, from both ends.
placed as (
    select
        fact_profile.merge_policy_id,
        fact_profile.date_key,
        fact_profile.profile_count,
        row_number() over (order by fact_profile.date_key asc) as place,
        row_number() over (order by fact_profile.date_key desc) as place_from_end
    from insights.fact_profile
    inner join latest on fact_profile.merge_policy_id = latest.merge_policy_id
    where date_diff('day', fact_profile.date_key, latest.date_key) <= coalesce(getvariable('days'), 30)
)

select
    began.date_key as since_on,
    ended.date_key,
    began.profile_count as profile_count_before,
    ended.profile_count,
    ended.profile_count - began.profile_count as profile_count_change
from placed as ended
inner join placed as began on ended.merge_policy_id = began.merge_policy_id
where
    ended.place_from_end = 1
    and began.place = 1
