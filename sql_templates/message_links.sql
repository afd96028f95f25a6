-- title: Clicks by link
-- question: Which links of a campaign are clicked?
-- grain: One row per campaign and link, the most clicked first.
-- note: >-
--   The rate is of the people reached; who clicked two links counts in both. People are told of in
--   groups: a row is near, an empty one is nobody or few.
-- chart: bars of unique_click_count by link.
-- parameters:
--   campaign_id: {type: text, options: campaigns, about: The campaign; every campaign when unset.}
with

reached as (
    select
        campaign_id,
        cast(sum(delivered_count) as bigint) as delivered_count
    from insights.fact_message_response_by_day
    group by campaign_id
),

links as (
    select
        campaign_id,
        link,
        cast(sum(unique_click_count) as bigint) as unique_click_count,
        cast(sum(machine_click_count) as bigint) as machine_click_count,
        cast(sum(click_count) as bigint) as click_count
    from insights.fact_message_response_by_link
    where campaign_id = coalesce(getvariable('campaign_id'), campaign_id)
    group by campaign_id, link
)

select
    dim_campaign.campaign_name,
    links.link,
    links.unique_click_count,
    links.machine_click_count,
    links.click_count,
    cast(links.unique_click_count as double) / nullif(reached.delivered_count, 0) as click_rate
from links
inner join reached on links.campaign_id = reached.campaign_id
inner join insights.dim_campaign on links.campaign_id = dim_campaign.campaign_id
order by links.unique_click_count desc nulls last, dim_campaign.campaign_name asc, links.link asc
