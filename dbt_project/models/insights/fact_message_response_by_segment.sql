with

-- There is one reporting currency; a test of profile holds that.
reporting as (
    select min(currency) as currency
    from {{ ref('order_amounts') }}
),

responses as (
    select
        message_responses.*,
        reporting.currency,
        recipient_segments.segment_name,
        coalesce(message_responses.channel, campaigns.channel, 'unknown') as channel_name
    from {{ ref('message_responses') }} as message_responses
    cross join reporting
    inner join {{ ref('recipient_segments') }} as recipient_segments
        on
            recipient_segments.profile_id = message_responses.profile_id
            and recipient_segments.campaign_id = message_responses.campaign_id
            and recipient_segments.channel is not distinct from message_responses.channel
            and recipient_segments.sent_on = message_responses.sent_on
    left join {{ ref('dim_campaign') }} as campaigns
        on campaigns.campaign_id = message_responses.campaign_id
)

select
    campaign_id,
    channel_name as channel,
    sent_on,
    segment_name,
    {%- for name in var('message_counts') %}
        cast(count({{ var('message_counts')[name] }}) as bigint) as {{ name }},
    {%- endfor %}
    cast(sum(clicked_order_count) as bigint) as clicked_order_count,
    cast(sum(clicked_net_amount) as decimal(18, 2)) as clicked_net_amount,
    cast(sum(received_order_count) as bigint) as received_order_count,
    cast(sum(received_net_amount) as decimal(18, 2)) as received_net_amount,
    min(currency) as currency
from responses
group by campaign_id, channel_name, sent_on, segment_name
