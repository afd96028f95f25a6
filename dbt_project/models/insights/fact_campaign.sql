with

campaign_responses as (
    select * from {{ ref('campaign_responses') }}
),

-- The decile of the day on which a campaign was first sent to a person.
deciles_when_sent as (
    select
        profile_id,
        campaign_id,
        min_by(decile, row(sent_on, decile)) as decile
    from {{ ref('message_recipients') }}
    group by profile_id, campaign_id
)

select
    campaign_responses.campaign_id,
    deciles_when_sent.decile,
    cast(count(*) filter (where campaign_responses.is_sent) as bigint) as sent_count,
    cast(count(*) filter (where campaign_responses.is_delivered) as bigint) as delivered_count,
    cast(count(*) filter (where campaign_responses.is_bounced) as bigint) as bounced_count,
    cast(count(*) filter (where campaign_responses.is_opened) as bigint) as unique_open_count,
    cast(count(*) filter (where campaign_responses.is_clicked) as bigint) as unique_click_count,
    cast(count(*) filter (where campaign_responses.is_unsubscribed) as bigint) as unsubscribed_count
from campaign_responses
inner join deciles_when_sent
    on
        deciles_when_sent.profile_id = campaign_responses.profile_id
        and deciles_when_sent.campaign_id = campaign_responses.campaign_id
group by campaign_responses.campaign_id, deciles_when_sent.decile
