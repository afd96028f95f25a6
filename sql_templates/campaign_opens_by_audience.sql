-- title: Opens by audience and campaign
-- question: Which audiences open which campaigns?
-- grain: >-
--   One row per campaign and segment that its recipients were in on the day of sending, the
--   newest campaign first.
-- note: >-
--   Opens are people, once per run of the campaign; a person in two segments counts in both.
--   `meant_for` is whom the campaign itself names. "Not known" was sent before segments were
--   recorded. People are told of in groups: a row is near, an empty one is nobody or few.
-- chart: grouped bars of unique_open_count by campaign_name, one colour per audience.
-- parameters:
--   campaign_id: {type: text, options: campaigns, about: The campaign; every campaign when unset.}
with

totals as (
    select
        campaign_id,
        segment_name,
        cast(sum(delivered_count) as bigint) as delivered_count,
        cast(sum(unique_open_count) as bigint) as unique_open_count,
        cast(sum(machine_open_count) as bigint) as machine_open_count
    from insights.fact_message_response_by_segment
    where campaign_id = coalesce(getvariable('campaign_id'), campaign_id)
    group by campaign_id, segment_name
)

select
    dim_campaign.campaign_name,
    dim_campaign.audience as meant_for,
    coalesce(dim_segment.title, 'Not known') as audience,
    totals.delivered_count,
    totals.unique_open_count,
    totals.machine_open_count,
    cast(totals.unique_open_count as double) / nullif(totals.delivered_count, 0) as open_rate
from totals
inner join insights.dim_campaign on totals.campaign_id = dim_campaign.campaign_id
left join insights.dim_segment on totals.segment_name = dim_segment.segment_name
order by dim_campaign.started_at desc nulls last, dim_campaign.campaign_name asc, audience asc
