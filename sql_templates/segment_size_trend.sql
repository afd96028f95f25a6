-- title: Segment size trend
-- question: How has the size of a segment developed?
-- grain: One row per segment and day of the window.
-- chart: lines of profile_count by date_key, one per title.
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
)

select
    dim_segment.title,
    fact_segment.date_key,
    fact_segment.profile_count
from insights.fact_segment
inner join latest on fact_segment.merge_policy_id = latest.merge_policy_id
inner join insights.dim_segment on fact_segment.segment_id = dim_segment.segment_id
where
    dim_segment.segment_name = coalesce(getvariable('segment'), dim_segment.segment_name)
    and date_diff('day', fact_segment.date_key, latest.date_key) <= coalesce(getvariable('days'), 30)
order by dim_segment.title asc, fact_segment.date_key asc
