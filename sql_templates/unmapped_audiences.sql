-- title: Audiences without a destination
-- question: Which segments go nowhere yet?
-- grain: One row per segment without a destination, the largest first.
-- chart: bars of profile_count by title.
-- parameters:
--   merge_policy: {type: text, options: merge_policies, about: The default one when unset.}
with

policy as (
    select merge_policy_id
    from insights.dim_merge_policy
    where
        merge_policy_name = getvariable('merge_policy')
        or (getvariable('merge_policy') is null and is_default)
),

latest_day as (
    select max(fact_segment.date_key) as date_key
    from insights.fact_segment
    inner join policy on fact_segment.merge_policy_id = policy.merge_policy_id
),

latest as (
    select
        fact_segment.segment_id,
        fact_segment.profile_count
    from insights.fact_segment
    inner join policy on fact_segment.merge_policy_id = policy.merge_policy_id
    inner join latest_day on fact_segment.date_key = latest_day.date_key
)

select
    dim_segment.segment_name,
    dim_segment.title,
    latest.profile_count
from insights.dim_segment
inner join latest on dim_segment.segment_id = latest.segment_id
where
    dim_segment.segment_id not in (
        select segment_destination.segment_id
        from insights.segment_destination
    )
order by latest.profile_count desc, dim_segment.title asc
