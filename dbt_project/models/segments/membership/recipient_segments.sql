{{ config(materialized='view') }}

with

message_recipients as (
    select * from {{ ref('message_recipients') }}
)

select
    profile_id,
    campaign_id,
    channel,
    sent_on,
    'unknown' as segment_name
from message_recipients
where recorded_on is null
union all
select
    message_recipients.profile_id,
    message_recipients.campaign_id,
    message_recipients.channel,
    message_recipients.sent_on,
    stays.segment_name
from message_recipients
inner join {{ ref('segment_membership_history') }} as stays
    on
        stays.profile_id = message_recipients.profile_id_then
        and stays.valid_from <= message_recipients.recorded_on
        and (stays.valid_to is null or stays.valid_to > message_recipients.recorded_on)
-- A segment that is gone or a draft again is in no report.
inner join {{ ref('definitions') }} as definitions
    on
        definitions.segment_name = stays.segment_name
        and definitions.state <> 'draft'
