-- title: Message results by channel
-- question: >-
--   How do the channels do: are messages read, do they arrive, do they annoy?
-- grain: >-
--   One row per channel: engagement, delivery, what hinders it and what people do against it.
-- note: >-
--   People count once per run of a campaign. Rates are of those it was sent to or, from opens
--   on, reached; blocked is of all it was meant for. Texts know no opens.
-- chart: >-
--   bars of open_rate, click_rate, bounce_rate, complaint_rate and unsubscribe_rate by channel.
-- parameters:
--   campaign_id: {type: text, options: campaigns, about: The campaign; every campaign when unset.}
with

totals as (
    select
        channel,
        cast(sum(sent_count) as bigint) as sent_count,
        cast(sum(blocked_count) as bigint) as blocked_count,
        cast(sum(delivered_count) as bigint) as delivered_count,
        cast(sum(bounced_count) as bigint) as bounced_count,
        cast(sum(hard_bounced_count) as bigint) as hard_bounced_count,
        cast(sum(soft_bounced_count) as bigint) as soft_bounced_count,
        cast(sum(unique_open_count) as bigint) as unique_open_count,
        cast(sum(machine_open_count) as bigint) as machine_open_count,
        cast(sum(unique_click_count) as bigint) as unique_click_count,
        cast(sum(machine_click_count) as bigint) as machine_click_count,
        cast(sum(unsubscribed_count) as bigint) as unsubscribed_count,
        cast(sum(complained_count) as bigint) as complained_count,
        cast(sum(clicked_conversion_count) as bigint) as conversion_count,
        cast(sum(clicked_net_amount) as decimal(18, 2)) as net_amount,
        min(currency) as currency
    from insights.fact_message_response_by_day
    where campaign_id = coalesce(getvariable('campaign_id'), campaign_id)
    group by channel
)

select
    channel,
    sent_count,
    delivered_count,
    unique_open_count,
    machine_open_count,
    unique_click_count,
    machine_click_count,
    conversion_count,
    net_amount,
    currency,
    cast(delivered_count as double) / nullif(sent_count, 0) as delivery_rate,
    cast(unique_open_count as double) / nullif(delivered_count, 0) as open_rate,
    cast(unique_click_count as double) / nullif(delivered_count, 0) as click_rate,
    cast(unique_click_count as double) / nullif(unique_open_count, 0) as click_to_open_rate,
    cast(conversion_count as double) / nullif(delivered_count, 0) as conversion_rate,
    cast(blocked_count as double) / nullif(sent_count + blocked_count, 0) as blocked_rate,
    cast(bounced_count as double) / nullif(sent_count, 0) as bounce_rate,
    cast(hard_bounced_count as double) / nullif(sent_count, 0) as hard_bounce_rate,
    cast(soft_bounced_count as double) / nullif(sent_count, 0) as soft_bounce_rate,
    cast(unsubscribed_count as double) / nullif(delivered_count, 0) as unsubscribe_rate,
    cast(complained_count as double) / nullif(delivered_count, 0) as complaint_rate
from totals
order by channel asc
