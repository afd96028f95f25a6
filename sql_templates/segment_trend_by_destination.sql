-- title: Segment size trend by destination
-- question: How have the sizes of the segments that go to a destination developed?
-- grain: One row per destination, segment and day of the window.
-- chart: lines of profile_count by date_key, one per segment_title.
-- parameters:
--   merge_policy: {type: text, options: merge_policies, about: The merge policy; the default one when unset.}
--   destination: {type: text, options: destinations, about: The destination; every destination when unset.}
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
    dim_destination.title as destination_title,
    dim_segment.title as segment_title,
    fact_segment.date_key,
    fact_segment.profile_count
from insights.segment_destination
inner join insights.dim_destination
    on segment_destination.destination_id = dim_destination.destination_id
inner join insights.dim_segment on segment_destination.segment_id = dim_segment.segment_id
inner join insights.fact_segment on segment_destination.segment_id = fact_segment.segment_id
inner join latest on fact_segment.merge_policy_id = latest.merge_policy_id
where
    dim_destination.destination_name = coalesce(getvariable('destination'), dim_destination.destination_name)
    and dim_segment.segment_name = coalesce(getvariable('segment'), dim_segment.segment_name)
    and date_diff('day', fact_segment.date_key, latest.date_key) <= coalesce(getvariable('days'), 30)
order by destination_title asc, segment_title asc, fact_segment.date_key asc
