-- title: Number of destinations
-- question: How many destinations are there?
-- grain: One row.
-- chart: a card.
select count(*) as destination_count
from insights.dim_destination
where state <> 'removed'
