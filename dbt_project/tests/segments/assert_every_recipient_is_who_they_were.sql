-- Every run of a message has one recipient as they were, by a word that is known then, and nothing
-- but `unknown` where no refresh had recorded anybody.
with

recipients as (
    select
        profile_id,
        campaign_id,
        coalesce(channel, '') as channel,
        sent_on,
        recorded_on,
        decile,
        decile_basis
    from {{ ref('message_recipients') }}
),

missing as (
    select
        profile_id,
        campaign_id,
        coalesce(channel, '') as channel,
        sent_on
    from {{ ref('message_responses') }}
    except all
    select
        profile_id,
        campaign_id,
        channel,
        sent_on
    from recipients
),

nobodys as (
    select message_responses.record_key
    from {{ ref('message_responses') }} as message_responses
    left join {{ ref('record_history') }} as record_history
        on record_history.record_key = message_responses.record_key
    where record_history.record_key is null
)

select 'a run without its recipient' as fault
from missing
union all
select 'a record that was never anybody''s' as fault
from nobodys
union all
select 'a decile recorded before anything was, or after the message' as fault
from recipients
where
    decile_basis not in ('recorded', 'recomputed', 'unknown')
    or (decile_basis = 'recorded' and (recorded_on is null or recorded_on > sent_on))
    or (decile_basis = 'unknown') <> (decile = -2)
union all
select 'a segment of a day that nobody recorded' as fault
from {{ ref('recipient_segments') }} as recipient_segments
inner join recipients
    on
        recipients.profile_id = recipient_segments.profile_id
        and recipients.campaign_id = recipient_segments.campaign_id
        and recipients.channel = coalesce(recipient_segments.channel, '')
        and recipients.sent_on = recipient_segments.sent_on
where (recipients.recorded_on is null) <> (recipient_segments.segment_name = 'unknown')
union all
select 'a decile that is none' as fault
from {{ ref('recomputed_deciles') }}
where decile not between 0 and 10
