-- title: Number of segments
-- question: How many segments are there?
-- grain: One row.
-- chart: a card.
select count(*) as segment_count
from insights.dim_segment
