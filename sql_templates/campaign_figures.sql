-- title: A campaign at a glance
-- question: Whom did a campaign reach, and what did they do?
-- grain: One row.
-- chart: a card per figure.
-- parameters:
--   campaign_id:
--     {type: text, options: campaigns, about: The campaign; every campaign when unset.}
with

totals as (
    select
        cast(sum(sent_count) as bigint) as sent_count,
        cast(sum(delivered_count) as bigint) as delivered_count,
        cast(sum(bounced_count) as bigint) as bounced_count,
        cast(sum(unique_open_count) as bigint) as unique_open_count,
        cast(sum(unique_click_count) as bigint) as unique_click_count,
        cast(sum(unsubscribed_count) as bigint) as unsubscribed_count
    from insights.fact_campaign
    where campaign_id = coalesce(getvariable('campaign_id'), campaign_id)
)

select
    sent_count,
    delivered_count,
    bounced_count,
    unique_open_count,
    unique_click_count,
    unsubscribed_count,
    cast(delivered_count as double) / nullif(sent_count, 0) as delivery_rate,
    cast(unique_open_count as double) / nullif(delivered_count, 0) as open_rate,
    cast(unique_click_count as double) / nullif(delivered_count, 0) as click_rate,
    cast(unique_click_count as double) / nullif(unique_open_count, 0) as click_to_open_rate,
    cast(unsubscribed_count as double) / nullif(delivered_count, 0) as unsubscribe_rate
from totals
