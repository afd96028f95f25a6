-- title: Loyalty tiers
-- question: Which loyalty tiers hold customers?
-- grain: One row per tier, the highest first.
-- chart: none, it feeds a selector.
select
    loyalty_tier as option_value,
    loyalty_tier as option_label
from insights.dim_loyalty_tier
order by tier_rank desc nulls last, loyalty_tier asc
