-- title: Message results by audience
-- question: Which audiences open, click and buy?
-- grain: >-
--   One row per segment that recipients were in on the day of sending, the most opens first.
-- note: >-
--   People count once per run of a campaign, and in each of their segments. Conversions are of
--   the last click. Empty is of too few people in all.
-- chart: bars of open_rate, click_rate and conversion_rate by audience.
-- parameters:
--   campaign_id: {type: text, options: campaigns, about: The campaign; every campaign when unset.}
with

totals as (
    select
        segment_name,
        cast(sum(sent_count) as bigint) as sent_count,
        cast(sum(delivered_count) as bigint) as delivered_count,
        cast(sum(unique_open_count) as bigint) as unique_open_count,
        cast(sum(unique_click_count) as bigint) as unique_click_count,
        cast(sum(clicked_conversion_count) as bigint) as conversion_count,
        cast(sum(clicked_net_amount) as decimal(18, 2)) as net_amount,
        min(currency) as currency
    from insights.fact_message_response_by_segment
    where campaign_id = coalesce(getvariable('campaign_id'), campaign_id)
    group by segment_name
)

select
    coalesce(dim_segment.title, 'Not known') as audience,
    totals.sent_count,
    totals.delivered_count,
    totals.unique_open_count,
    totals.unique_click_count,
    totals.conversion_count,
    totals.net_amount,
    totals.currency,
    cast(totals.unique_open_count as double) / nullif(totals.delivered_count, 0) as open_rate,
    cast(totals.unique_click_count as double) / nullif(totals.delivered_count, 0) as click_rate,
    cast(totals.unique_click_count as double) / nullif(totals.unique_open_count, 0) as click_to_open_rate,
    cast(totals.conversion_count as double) / nullif(totals.delivered_count, 0) as conversion_rate
from totals
left join insights.dim_segment on totals.segment_name = dim_segment.segment_name
order by totals.unique_open_count desc nulls last, audience asc
