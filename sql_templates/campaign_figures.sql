-- title: A campaign at a glance
-- question: Whom did a campaign reach, and what did they do?
-- grain: One row.
-- note: >-
--   Of a campaign people count once; of all campaigns once per run of each. Empty is of too few people.
-- chart: a card per figure.
-- parameters:
--   campaign_id:
--     {type: text, options: campaigns, about: The campaign; every campaign when unset.}
with

-- A campaign is exact in the one, all of them are in the other.
asked as (
    select
        sent_count,
        delivered_count,
        bounced_count,
        unique_open_count,
        unique_click_count,
        unsubscribed_count
    from insights.fact_campaign
    where campaign_id = getvariable('campaign_id')
    union all
    select
        sent_count,
        delivered_count,
        bounced_count,
        unique_open_count,
        unique_click_count,
        unsubscribed_count
    from insights.fact_message_response_by_day
    where getvariable('campaign_id') is null
),

totals as (
    select
        cast(sum(sent_count) as bigint) as sent_count,
        cast(sum(delivered_count) as bigint) as delivered_count,
        cast(sum(bounced_count) as bigint) as bounced_count,
        cast(sum(unique_open_count) as bigint) as unique_open_count,
        cast(sum(unique_click_count) as bigint) as unique_click_count,
        cast(sum(unsubscribed_count) as bigint) as unsubscribed_count
    from asked
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
