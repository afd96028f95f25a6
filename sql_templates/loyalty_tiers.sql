-- Which loyalty tiers hold customers?
-- One row per tier, the highest first. Feeds a selector: option_value and option_label.
select
    loyalty_tier as option_value,
    loyalty_tier as option_label
from insights.dim_loyalty_tier
order by tier_rank desc nulls last, loyalty_tier asc
