{{ config(materialized='incremental', unique_key=['profile_id']) }}

with

{% call reached() %}
    select profile_id from {{ changed('message_responses') }}
{% endcall %}

message_responses as (
    select * from {{ part(ref('message_responses'), ['profile_id']) }}
)

select
    profile_id,
    campaign_id,
    bool_or(told_sent_on is not null) as is_sent,
    bool_or(delivered_on is not null) as is_delivered,
    bool_or(bounced_on is not null) and not bool_or(delivered_on is not null) as is_bounced,
    bool_or(opened_on is not null) as is_opened,
    bool_or(clicked_on is not null) as is_clicked,
    bool_or(unsubscribed_on is not null) as is_unsubscribed
from message_responses
group by profile_id, campaign_id
