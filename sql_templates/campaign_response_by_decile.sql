-- title: Campaign response by decile
-- question: Do good customers answer e-mail campaigns more than others?
-- grain: >-
--   One row per lifetime decile on the day of sending; people without a decile, or whose decile of
--   that day is not known, come last.
-- note: >-
--   Rates are shares of the people a message was delivered to, counted once per run of a
--   campaign however often they opened it. Empty is of too few people in all.
-- chart: columns of open_rate beside click_rate by decile.
-- parameters:
--   campaign_id: {type: text, options: campaigns, about: The campaign; every campaign when unset.}
with

decile_totals as (
    select
        decile,
        cast(sum(sent_count) as bigint) as sent_count,
        cast(sum(delivered_count) as bigint) as delivered_count,
        cast(sum(unique_open_count) as bigint) as unique_open_count,
        cast(sum(unique_click_count) as bigint) as unique_click_count,
        cast(sum(unsubscribed_count) as bigint) as unsubscribed_count
    from insights.fact_message_response
    where campaign_id = coalesce(getvariable('campaign_id'), campaign_id)
    group by decile
)

select
    case decile
        when 0 then 'none'
        when -1 then 'few people'
        when -2 then 'not known'
        else cast(decile as varchar)
    end as decile_label,
    sent_count,
    delivered_count,
    unique_open_count,
    unique_click_count,
    unsubscribed_count,
    cast(unique_open_count as double) / nullif(delivered_count, 0) as open_rate,
    cast(unique_click_count as double) / nullif(delivered_count, 0) as click_rate
from decile_totals
order by case when decile < 1 then 1 - decile else 0 end, decile
