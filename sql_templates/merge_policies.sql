-- title: Merge policies
-- question: Which merge policies are reported on?
-- grain: One row per merge policy, the default one first.
-- chart: none, it feeds a selector.
select
    merge_policy_name as option_value,
    merge_policy_name as option_label
from insights.dim_merge_policy
order by case when is_default then 0 else 1 end asc, merge_policy_name asc
