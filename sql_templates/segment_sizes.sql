-- title: Segment sizes
-- question: How many people are in each segment, and what have they brought?
-- grain: One row per segment, the largest first.
-- note: A person may be in several segments.
-- chart: bars of profile_count by title.
with

latest as (
    select max(date_key) as date_key
    from insights.fact_segment
)

select
    dim_segment.title,
    dim_segment.description,
    fact_segment.profile_count,
    cast(fact_segment.profile_count as double)
    / nullif(fact_profile.profile_count, 0) as profile_share,
    fact_segment.order_count,
    fact_segment.net_amount,
    fact_segment.currency
from insights.fact_segment
inner join insights.dim_segment on fact_segment.segment_name = dim_segment.segment_name
inner join insights.fact_profile on fact_segment.date_key = fact_profile.date_key
inner join latest on fact_segment.date_key = latest.date_key
order by fact_segment.profile_count desc, dim_segment.title asc
