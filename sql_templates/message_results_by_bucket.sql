-- title: Message results by channel and decile
-- question: Do better customers open, click and buy more?
-- grain: >-
--   One row per channel and lifetime decile on the day of sending, those without one last.
-- note: >-
--   People count once per run of a campaign. Conversions are of the last click. Empty is of too few
--   people in all.
-- chart: >-
--   bars of open_rate, click_rate and conversion_rate by decile_name, one panel per channel.
-- parameters:
--   campaign_id: {type: text, options: campaigns, about: The campaign; every campaign when unset.}
with

totals as (
    select
        channel,
        decile,
        cast(sum(sent_count) as bigint) as sent_count,
        cast(sum(delivered_count) as bigint) as delivered_count,
        cast(sum(unique_open_count) as bigint) as unique_open_count,
        cast(sum(unique_click_count) as bigint) as unique_click_count,
        cast(sum(clicked_conversion_count) as bigint) as conversion_count,
        cast(sum(clicked_net_amount) as decimal(18, 2)) as net_amount,
        min(currency) as currency
    from insights.fact_message_response
    where campaign_id = coalesce(getvariable('campaign_id'), campaign_id)
    group by channel, decile
)

select
    totals.channel,
    dim_decile.decile_name,
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
inner join insights.dim_decile on totals.decile = dim_decile.decile
order by totals.channel asc, case when totals.decile < 1 then 1 else 0 end asc, totals.decile asc
