-- title: Campaign response by segment
-- question: Which segments answer campaigns?
-- grain: >-
--   One row per segment that people were in on the day of sending, the best open rate first; "Not
--   known" was sent before segments were recorded.
-- note: >-
--   Rates are shares of the people a message was delivered to, counted once per campaign; a
--   person in two segments counts in both, so rows must not be added up. Empty is of too few people in all.
-- chart: bars of open_rate and click_rate by title.
-- parameters:
--   campaign_id: {type: text, options: campaigns, about: The campaign; every campaign when unset.}
with

segment_totals as (
    select
        segment_name,
        cast(sum(sent_count) as bigint) as sent_count,
        cast(sum(delivered_count) as bigint) as delivered_count,
        cast(sum(unique_open_count) as bigint) as unique_open_count,
        cast(sum(unique_click_count) as bigint) as unique_click_count,
        cast(sum(unsubscribed_count) as bigint) as unsubscribed_count
    from insights.fact_campaign_by_segment
    where campaign_id = coalesce(getvariable('campaign_id'), campaign_id)
    group by segment_name
)

select
    coalesce(dim_segment.title, 'Not known') as title,
    segment_totals.sent_count,
    segment_totals.delivered_count,
    segment_totals.unique_open_count,
    segment_totals.unique_click_count,
    segment_totals.unsubscribed_count,
    cast(segment_totals.unique_open_count as double)
    / nullif(segment_totals.delivered_count, 0) as open_rate,
    cast(segment_totals.unique_click_count as double)
    / nullif(segment_totals.delivered_count, 0) as click_rate
from segment_totals
left join insights.dim_segment on segment_totals.segment_name = dim_segment.segment_name
order by open_rate desc nulls last, title asc
