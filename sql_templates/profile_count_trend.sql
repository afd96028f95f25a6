-- title: Profile count trend
-- question: How has the number of people developed?
-- grain: One row per day of the window, the earliest first.
-- chart: a line of profile_count by date_key.
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
)

select
    fact_profile.date_key,
    fact_profile.profile_count
from insights.fact_profile
inner join latest on fact_profile.merge_policy_id = latest.merge_policy_id
where date_diff('day', fact_profile.date_key, latest.date_key) <= coalesce(getvariable('days'), 30)
order by fact_profile.date_key asc
