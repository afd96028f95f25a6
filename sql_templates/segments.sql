-- title: Segments
-- question: Which segments are there?
-- grain: One row per segment, by title. Feeds a selector.
-- chart: none, feeds a selector.
select
    segment_name as option_value,
    title as option_label
from insights.dim_segment
order by title asc, segment_name asc
