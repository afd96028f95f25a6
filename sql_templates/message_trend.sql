-- title: Opens, clicks and orders per day
-- question: When were messages opened and clicked, and when did orders follow?
-- grain: One row per day on which something happened.
-- note: >-
--   A person counts on the day of the first open or click, an order on its own day; orders are
--   those credited to the last click. People are told of in groups: a day is near, an empty one is
--   nobody or few.
-- chart: lines of unique_open_count, unique_click_count and order_count by event_on.
-- parameters:
--   campaign_id: {type: text, options: campaigns, about: The campaign; every campaign when unset.}
select
    event_on,
    cast(sum(sent_count) as bigint) as sent_count,
    cast(sum(delivered_count) as bigint) as delivered_count,
    cast(sum(unique_open_count) as bigint) as unique_open_count,
    cast(sum(machine_open_count) as bigint) as machine_open_count,
    cast(sum(unique_click_count) as bigint) as unique_click_count,
    cast(sum(clicked_conversion_count) as bigint) as conversion_count,
    cast(sum(clicked_order_count) as bigint) as order_count,
    cast(sum(clicked_net_amount) as decimal(18, 2)) as net_amount,
    min(currency) as currency
from insights.fact_message_response_by_day
where campaign_id = coalesce(getvariable('campaign_id'), campaign_id)
group by event_on
order by event_on asc
