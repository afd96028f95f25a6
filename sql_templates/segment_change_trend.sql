-- title: Segment size change trend
-- question: How many people did a segment gain or lose from one day to the next?
-- grain: One row per segment and day of the window; a segment's first day has no row.
-- chart: columns of profile_count_change by date_key.
-- parameters:
--   merge_policy: {type: text, options: merge_policies, about: The merge policy; the default one when unset.}
--   segment: {type: text, options: segments, about: The segment; every segment when unset.}
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

changes as (
    select
        fact_segment.segment_id,
        fact_segment.date_key,
        fact_segment.profile_count,
        fact_segment.profile_count
        - lag(fact_segment.profile_count) over (
            partition by fact_segment.segment_id
            order by fact_segment.date_key asc
        ) as profile_count_change,
        date_diff('day', fact_segment.date_key, latest.date_key) as days_ago
    from insights.fact_segment
    inner join latest on fact_segment.merge_policy_id = latest.merge_policy_id
)

select
    dim_segment.title,
    changes.date_key,
    changes.profile_count,
    changes.profile_count_change
from changes
inner join insights.dim_segment on changes.segment_id = dim_segment.segment_id
where
    dim_segment.segment_name = coalesce(getvariable('segment'), dim_segment.segment_name)
    and changes.profile_count_change is not null
    and changes.days_ago <= coalesce(getvariable('days'), 30)
order by dim_segment.title asc, changes.date_key asc
