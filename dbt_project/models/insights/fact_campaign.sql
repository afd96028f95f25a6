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
),

counted as (
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
),

-- Within a campaign, so that campaigns are exact.
told as (
    select
        campaign_id,
        decile,
        {{ told_in_groups('sent_count', ['decile'], ['campaign_id']) }} as sent_count,
        {{ told_in_groups('delivered_count', ['decile'], ['campaign_id']) }} as delivered_count,
        {{ told_in_groups('bounced_count', ['decile'], ['campaign_id']) }} as bounced_count,
        {{ told_in_groups('unique_open_count', ['decile'], ['campaign_id']) }} as unique_open_count,
        {{ told_in_groups('unique_click_count', ['decile'], ['campaign_id']) }} as unique_click_count,
        {{ told_in_groups('unsubscribed_count', ['decile'], ['campaign_id']) }} as unsubscribed_count
    from counted
)

-- A row that tells nothing would tell that somebody is in it.
select
    campaign_id,
    decile,
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
