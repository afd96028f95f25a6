-- title: Campaigns
-- question: Which campaigns were sent?
-- grain: One row per campaign, the latest first.
-- chart: none, it feeds a selector.
select
    campaign_id as option_value,
    campaign_name || coalesce(' (' || strftime(started_at, '%Y-%m-%d') || ')', '') as option_label
from insights.dim_campaign
order by started_at desc nulls last, campaign_id asc
