-- title: Response of an audience
-- question: How has a segment answered each campaign?
-- grain: One row per campaign, by its start.
-- note: People are told of in groups, so a campaign is near; an empty one is nobody or few.
-- chart: lines of open_rate and click_rate by started_on.
-- parameters:
--   segment: {type: text, options: segments, about: The segment; the first by title when unset.}
with

chosen as (
    select coalesce(getvariable('segment'), min_by(segment_name, (title, segment_name))) as segment_name
    from insights.dim_segment
),

totals as (
    select
        fact_campaign_by_segment.campaign_id,
        cast(sum(sent_count) as bigint) as sent_count,
        cast(sum(delivered_count) as bigint) as delivered_count,
        cast(sum(bounced_count) as bigint) as bounced_count,
        cast(sum(unique_open_count) as bigint) as unique_open_count,
        cast(sum(unique_click_count) as bigint) as unique_click_count,
        cast(sum(unsubscribed_count) as bigint) as unsubscribed_count
    from insights.fact_campaign_by_segment
    inner join chosen on fact_campaign_by_segment.segment_name = chosen.segment_name
    group by fact_campaign_by_segment.campaign_id
)

select
    dim_campaign.campaign_id,
    dim_campaign.campaign_name,
    cast(dim_campaign.started_at as date) as started_on,
    totals.delivered_count,
    cast(unique_open_count as double) / nullif(delivered_count, 0) as open_rate,
    cast(unique_click_count as double) / nullif(delivered_count, 0) as click_rate,
    cast(unique_click_count as double) / nullif(unique_open_count, 0) as click_to_open_rate,
    cast(unsubscribed_count as double) / nullif(delivered_count, 0) as unsubscribe_rate
from totals
inner join insights.dim_campaign on totals.campaign_id = dim_campaign.campaign_id
order by dim_campaign.started_at asc nulls first, dim_campaign.campaign_id asc
