-- title: Destinations
-- question: Which destinations are there?
-- grain: One row per destination, by title.
-- chart: none, it feeds a selector.
select
    destination_name as option_value,
    title as option_label
from insights.dim_destination
order by title asc, destination_name asc
