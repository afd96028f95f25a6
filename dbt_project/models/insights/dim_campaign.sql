with

campaigns as (
    select
        campaign_id,
        campaign_name,
        subject,
        audience,
        channel,
        started_at
    from {{ ref('campaigns') }}
),

-- Messages may name a campaign that no file describes; its people still count.
answered_campaigns as (
    select distinct campaign_id
    from {{ ref('campaign_responses') }}
),

all_campaigns as (
    select
        campaign_id,
        campaign_name,
        subject,
        audience,
        channel,
        started_at
    from campaigns
    union all
    select
        answered_campaigns.campaign_id,
        answered_campaigns.campaign_id as campaign_name,
        null as subject,
        null as audience,
        null as channel,
        null as started_at
    from answered_campaigns
    left join campaigns
        on answered_campaigns.campaign_id = campaigns.campaign_id
    where campaigns.campaign_id is null
)

select
    campaign_id,
    campaign_name,
    subject,
    audience,
    channel,
    started_at
from all_campaigns
