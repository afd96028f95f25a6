-- title: Opens by campaign and decile
-- question: >-
--   Which customers open which campaigns: the best, or all?
-- grain: >-
--   One row per campaign and decile that its recipients were in on the day of sending, the
--   newest campaign first.
-- note: >-
--   Opens are people, once per run of the campaign. They are told of in groups: a row is near, an empty
--   one is nobody or few.
-- chart: bars of unique_open_count by decile_name within campaign_name.
-- parameters:
--   campaign_id: {type: text, options: campaigns, about: The campaign; every campaign when unset.}
with

totals as (
    select
        campaign_id,
        decile,
        cast(sum(delivered_count) as bigint) as delivered_count,
        cast(sum(unique_open_count) as bigint) as unique_open_count,
        cast(sum(unique_click_count) as bigint) as unique_click_count
    from insights.fact_message_response
    where campaign_id = coalesce(getvariable('campaign_id'), campaign_id)
    group by campaign_id, decile
)

select
    dim_campaign.campaign_name,
    dim_decile.decile_name,
    totals.delivered_count,
    totals.unique_open_count,
    totals.unique_click_count,
    cast(totals.unique_open_count as double) / nullif(totals.delivered_count, 0) as open_rate,
    cast(totals.unique_click_count as double) / nullif(totals.unique_open_count, 0) as click_to_open_rate
from totals
inner join insights.dim_campaign on totals.campaign_id = dim_campaign.campaign_id
inner join insights.dim_decile on totals.decile = dim_decile.decile
order by
    dim_campaign.started_at desc nulls last,
    dim_campaign.campaign_name asc,
    case when totals.decile < 1 then 1 else 0 end asc,
    totals.decile asc
