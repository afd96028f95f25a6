with

segments_when_sent as (
    {{ segments_when_sent() }}
),

responses as (
    select
        message_responses.*,
        segments_when_sent.segment_name,
        coalesce(message_responses.channel, campaigns.channel, 'unknown') as channel_name
    from {{ ref('message_responses') }} as message_responses
    inner join segments_when_sent
        on
            segments_when_sent.profile_id = message_responses.profile_id
            and segments_when_sent.campaign_id = message_responses.campaign_id
            and segments_when_sent.channel is not distinct from message_responses.channel
            and segments_when_sent.sent_on = message_responses.sent_on
    left join {{ ref('dim_campaign') }} as campaigns
        on campaigns.campaign_id = message_responses.campaign_id
)

select
    campaign_id,
    channel_name as channel,
    sent_on,
    segment_name,
    {{ message_sums(message_counts()) }}
from responses
group by campaign_id, channel_name, sent_on, segment_name
