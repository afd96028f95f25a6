with

campaign_responses as (
    select
        profile_id,
        campaign_id,
        is_sent,
        is_delivered,
        is_bounced,
        is_opened,
        is_clicked,
        is_unsubscribed
    from {{ ref('campaign_responses') }}
),

lifetime_deciles as (
    select
        profile_id,
        decile
    from {{ ref('deciles') }}
    where metric = 'net_revenue' and category_type = 'loyalty_tier' and look_back = 'lifetime'
),

recipients as (
    select
        campaign_responses.campaign_id,
        coalesce(lifetime_deciles.decile, 0) as decile,
        campaign_responses.is_sent,
        campaign_responses.is_delivered,
        campaign_responses.is_bounced,
        campaign_responses.is_opened,
        campaign_responses.is_clicked,
        campaign_responses.is_unsubscribed
    from campaign_responses
    left join lifetime_deciles
        on campaign_responses.profile_id = lifetime_deciles.profile_id
)

select
    campaign_id,
    decile,
    cast(count(*) filter (where is_sent) as bigint) as sent_count,
    cast(count(*) filter (where is_delivered) as bigint) as delivered_count,
    cast(count(*) filter (where is_bounced) as bigint) as bounced_count,
    cast(count(*) filter (where is_opened) as bigint) as unique_open_count,
    cast(count(*) filter (where is_clicked) as bigint) as unique_click_count,
    cast(count(*) filter (where is_unsubscribed) as bigint) as unsubscribed_count
from recipients
group by campaign_id, decile
