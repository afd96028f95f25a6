{% set order = ['first_sent_on', 'campaign_id'] %}
with

campaign_responses as (
    select * from {{ ref('campaign_responses') }}
),

-- Those of the day on which a campaign was first sent to a person.
first_runs as (
    select
        profile_id,
        campaign_id,
        min(sent_on) as sent_on
    from {{ ref('message_recipients') }}
    group by profile_id, campaign_id
),

first_segments as (
    select distinct
        recipient_segments.profile_id,
        recipient_segments.campaign_id,
        recipient_segments.segment_name,
        first_runs.sent_on
    from {{ ref('recipient_segments') }} as recipient_segments
    inner join first_runs
        on
            first_runs.profile_id = recipient_segments.profile_id
            and first_runs.campaign_id = recipient_segments.campaign_id
            and first_runs.sent_on = recipient_segments.sent_on
),

counted as (
    select
        campaign_responses.campaign_id,
        first_segments.segment_name,
        min(first_segments.sent_on) as first_sent_on,
        cast(count(*) filter (where campaign_responses.is_sent) as bigint) as sent_count,
        cast(count(*) filter (where campaign_responses.is_delivered) as bigint) as delivered_count,
        cast(count(*) filter (where campaign_responses.is_bounced) as bigint) as bounced_count,
        cast(count(*) filter (where campaign_responses.is_opened) as bigint) as unique_open_count,
        cast(count(*) filter (where campaign_responses.is_clicked) as bigint) as unique_click_count,
        cast(count(*) filter (where campaign_responses.is_unsubscribed) as bigint) as unsubscribed_count
    from campaign_responses
    inner join first_segments
        on
            first_segments.profile_id = campaign_responses.profile_id
            and first_segments.campaign_id = campaign_responses.campaign_id
    group by campaign_responses.campaign_id, first_segments.segment_name
),

told as (
    select
        campaign_id,
        segment_name,
        {{ told_in_groups('sent_count', order, ['segment_name']) }} as sent_count,
        {{ told_in_groups('delivered_count', order, ['segment_name']) }} as delivered_count,
        {{ told_in_groups('bounced_count', order, ['segment_name']) }} as bounced_count,
        {{ told_in_groups('unique_open_count', order, ['segment_name']) }} as unique_open_count,
        {{ told_in_groups('unique_click_count', order, ['segment_name']) }} as unique_click_count,
        {{ told_in_groups('unsubscribed_count', order, ['segment_name']) }} as unsubscribed_count
    from counted
)

-- A row that tells nothing would tell that somebody is in it.
select
    campaign_id,
    segment_name,
    sent_count,
    delivered_count,
    bounced_count,
    unique_open_count,
    unique_click_count,
    unsubscribed_count
from told
where
    {{ minimum_cell_size() }} = 1
    or greatest(sent_count, delivered_count, bounced_count) > 0
    or greatest(unique_open_count, unique_click_count, unsubscribed_count) > 0
