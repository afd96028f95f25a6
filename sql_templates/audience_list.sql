-- title: All audiences
-- question: What is each segment for, and who owns it?
-- grain: One row per segment, by title.
-- chart: a table.
with

latest as (
    select max(date_key) as date_key
    from insights.fact_segment
)

select
    dim_segment.segment_name,
    dim_segment.title,
    fact_segment.profile_count,
    dim_segment.purpose,
    dim_segment.owner,
    dim_segment.life_cycle_state
from insights.dim_segment
left join latest on latest.date_key is not null
left join insights.fact_segment
    on
        dim_segment.segment_name = fact_segment.segment_name
        and latest.date_key = fact_segment.date_key
order by dim_segment.title asc, dim_segment.segment_name asc
