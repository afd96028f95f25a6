{{ config(materialized='incremental', unique_key=['profile_id']) }}

with

{% call reached() %}
    select profile_id from {{ changed('recorded_activities') }} where campaign_id is not null
{% endcall %}

message_activities as (
    select
        profile_id,
        campaign_id,
        activity_type
    from {{ part(ref('recorded_activities'), ['profile_id']) }}
    where campaign_id is not null
),

-- People respond, not addresses: two contacts of one person are one recipient, and ten clicks
-- are one clicker.
campaign_responses as (
    select
        profile_id,
        campaign_id,
        bool_or(activity_type = 'message_sent') as is_sent,
        bool_or(activity_type = 'message_delivered') as is_delivered,
        bool_or(activity_type = 'message_bounced') as is_bounced,
        bool_or(activity_type = 'message_opened') as is_opened,
        bool_or(activity_type = 'message_clicked') as is_clicked,
        bool_or(activity_type = 'message_unsubscribed') as is_unsubscribed
    from message_activities
    group by profile_id, campaign_id
)

select
    profile_id,
    campaign_id,
    is_sent,
    is_delivered,
    is_bounced,
    is_opened,
    is_clicked,
    is_unsubscribed
from campaign_responses
