-- title: Measures
-- question: Which measures are declared?
-- grain: One row per measure.
-- chart: none, it feeds a selector.
select
    measure as option_value,
    measure_name as option_label
from insights.dim_measure
order by measure_name asc, measure asc
