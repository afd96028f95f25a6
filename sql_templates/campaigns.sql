-- Which campaigns were sent?
-- One row per campaign, the latest first. Feeds a selector: option_value and option_label.
select
    campaign_id as option_value,
    campaign_name || coalesce(' (' || strftime(started_at, '%Y-%m-%d') || ')', '') as option_label
from insights.dim_campaign
order by started_at desc nulls last, campaign_id asc
