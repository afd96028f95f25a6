-- title: Kinds of identity
-- question: Which kinds of identity are there?
-- grain: One row per kind, by its name. Feeds a selector.
-- chart: none, feeds a selector.
select
    namespace as option_value,
    replace(namespace, '_', ' ') as option_label
from insights.dim_namespace
order by namespace asc
