with

responses as (
    select
        message_responses.*,
        message_recipients.decile,
        message_recipients.decile_basis,
        coalesce(message_responses.channel, campaigns.channel, 'unknown') as channel_name
    from {{ ref('message_responses') }} as message_responses
    inner join {{ ref('message_recipients') }} as message_recipients
        on
            message_recipients.profile_id = message_responses.profile_id
            and message_recipients.campaign_id = message_responses.campaign_id
            and message_recipients.channel is not distinct from message_responses.channel
            and message_recipients.sent_on = message_responses.sent_on
    left join {{ ref('dim_campaign') }} as campaigns
        on campaigns.campaign_id = message_responses.campaign_id
)

select
    campaign_id,
    channel_name as channel,
    sent_on,
    decile,
    min(decile_basis) as decile_basis,
    {{ message_sums(message_counts()) }}
from responses
group by campaign_id, channel_name, sent_on, decile
