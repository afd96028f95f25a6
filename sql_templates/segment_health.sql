-- title: Health of mapped segments
-- question: Which segments that go to a destination are today unusually large or small?
-- grain: >-
--   One row per segment that is a standard deviation or more from the mean of the window, the
--   farthest first.
-- note: >-
--   z_score is (today - mean) by the population's standard deviation of the window, today
--   included.
-- chart: a table, or bars of z_score by title.
-- parameters:
--   merge_policy: {type: text, options: merge_policies, about: The merge policy; the default one when unset.}
--   days: {type: integer, default: 30, about: How many days back from the latest.}
--   rows: {type: integer, default: 20, about: Most rows.}
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

mapped as (
    select distinct segment_id
    from insights.segment_destination
),

sizes as (
    select
        fact_segment.segment_id,
        avg(cast(fact_segment.profile_count as double)) as mean_count,
        stddev_pop(cast(fact_segment.profile_count as double)) as deviation,
        max(case when fact_segment.date_key = latest.date_key then fact_segment.profile_count end)
            as profile_count
    from insights.fact_segment
    inner join latest on fact_segment.merge_policy_id = latest.merge_policy_id
    inner join mapped on fact_segment.segment_id = mapped.segment_id
    where date_diff('day', fact_segment.date_key, latest.date_key) <= coalesce(getvariable('days'), 30)
    group by fact_segment.segment_id
),

scored as (
    select
        dim_segment.title,
        sizes.profile_count,
        sizes.mean_count,
        sizes.deviation,
        (sizes.profile_count - sizes.mean_count) / nullif(sizes.deviation, 0) as z_score
    from sizes
    inner join insights.dim_segment on sizes.segment_id = dim_segment.segment_id
),

ranked as (
    select
        title,
        profile_count,
        mean_count,
        deviation,
        z_score,
        row_number() over (order by abs(z_score) desc, title asc) as place
    from scored
    where abs(z_score) >= 1
)

select
    title,
    profile_count,
    mean_count,
    deviation,
    z_score
from ranked
where place <= coalesce(getvariable('rows'), 20)
order by place asc
