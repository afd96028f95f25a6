-- title: Campaigns by response
-- question: How did each campaign do?
-- grain: One row per campaign, the latest first.
-- note: >-
--   Rates are of people, each counted once a campaign, by those delivered to; click_to_open_rate
--   by those who opened. Empty is of too few people in all.
-- chart: a table, or lines of open_rate and click_rate by started_on.
with

totals as (
    select
        campaign_id,
        cast(sum(sent_count) as bigint) as sent_count,
        cast(sum(delivered_count) as bigint) as delivered_count,
        cast(sum(bounced_count) as bigint) as bounced_count,
        cast(sum(unique_open_count) as bigint) as unique_open_count,
        cast(sum(unique_click_count) as bigint) as unique_click_count,
        cast(sum(unsubscribed_count) as bigint) as unsubscribed_count
    from insights.fact_campaign
    group by campaign_id
)

select
    dim_campaign.campaign_id,
    dim_campaign.campaign_name,
    cast(dim_campaign.started_at as date) as started_on,
    dim_campaign.audience,
    totals.sent_count,
    totals.delivered_count,
    totals.unique_open_count,
    totals.unique_click_count,
    cast(unique_open_count as double) / nullif(delivered_count, 0) as open_rate,
    cast(unique_click_count as double) / nullif(delivered_count, 0) as click_rate,
    cast(unique_click_count as double) / nullif(unique_open_count, 0) as click_to_open_rate,
    cast(unsubscribed_count as double) / nullif(delivered_count, 0) as unsubscribe_rate
from insights.dim_campaign
inner join totals on dim_campaign.campaign_id = totals.campaign_id
order by dim_campaign.started_at desc nulls last, dim_campaign.campaign_id asc
