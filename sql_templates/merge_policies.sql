-- title: Merge policies
-- question: Which merge policies are there?
-- grain: One row per policy, the default one first. Feeds a selector.
-- chart: none, feeds a selector.
select
    merge_policy_name as option_value,
    replace(merge_policy_name, '_', ' ') as option_label
from insights.dim_merge_policy
order by is_default desc, merge_policy_name asc
