-- title: Destination status
-- question: How many destinations are enabled and how many disabled?
-- grain: One row per state.
-- chart: bars of destination_count by state.
select
    state,
    count(*) as destination_count
from insights.dim_destination
group by state
order by state desc
