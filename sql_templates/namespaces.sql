-- title: Kinds of identity
-- question: Which kinds of identity are there?
-- grain: One row per namespace, by name.
-- chart: none, it feeds a selector.
select
    namespace as option_value,
    namespace as option_label
from insights.dim_namespace
order by namespace asc
