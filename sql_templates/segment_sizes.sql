-- title: Segment sizes
-- question: How many people are in each segment, and what have they brought?
-- grain: One row per segment, the largest first.
-- note: A person may be in several segments.
-- chart: bars of profile_count by title.
-- parameters:
--   merge_policy: {type: text, options: merge_policies, about: The merge policy; the default one when unset.}
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

ranked as (
    select
        dim_segment.title,
        dim_segment.description,
        fact_segment.profile_count,
        cast(fact_segment.profile_count as double)
        / nullif(fact_profile.profile_count, 0) as profile_share,
        fact_segment.order_count,
        fact_segment.net_amount,
        fact_segment.currency,
        row_number() over (
            order by fact_segment.profile_count desc, dim_segment.title asc
        ) as place
    from insights.fact_segment
    inner join latest
        on
            fact_segment.merge_policy_id = latest.merge_policy_id
            and fact_segment.date_key = latest.date_key
    inner join insights.dim_segment on fact_segment.segment_name = dim_segment.segment_name
    inner join insights.fact_profile
        on
            latest.merge_policy_id = fact_profile.merge_policy_id
            and latest.date_key = fact_profile.date_key
)

select
    title,
    description,
    profile_count,
    profile_share,
    order_count,
    net_amount,
    currency
from ranked
where place <= coalesce(getvariable('rows'), 20)
order by place asc
