-- title: Segments with and without a destination
-- question: How many segments go to a destination, and how many to none?
-- grain: One row.
-- chart: a card per figure.
with

mapped as (
    select distinct segment_id
    from insights.segment_destination
)

select
    count(mapped.segment_id) as mapped_segment_count,
    count(*) - count(mapped.segment_id) as unmapped_segment_count,
    count(*) as segment_count
from insights.dim_segment
left join mapped on dim_segment.segment_id = mapped.segment_id
