-- title: Models
-- question: Which models score people?
-- grain: One row per model, by name.
-- chart: none, it feeds a selector.
select
    model_name as option_value,
    model_name as option_label
from insights.dim_model
order by model_name asc
