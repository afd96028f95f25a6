-- Which measures are declared?
-- One row per measure. Feeds a selector: option_value and option_label.
select
    measure as option_value,
    measure_name as option_label
from insights.dim_measure
order by measure_name asc, measure asc
