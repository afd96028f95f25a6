-- title: Look-backs
-- question: Over which windows are deciles computed?
-- grain: One row per look-back, the shortest first.
-- chart: none, it feeds a selector.
select
    look_back as option_value,
    look_back_name as option_label
from insights.dim_look_back
order by look_back_months asc nulls last, look_back asc
