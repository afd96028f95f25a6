with

typed as (
    select
        'email_marketing' as source_system,
        nullif(trim(message_event_id), '') as message_event_id,
        nullif(trim(message_id), '') as message_id,
        nullif(trim(campaign_id), '') as campaign_id,
        nullif(trim(contact_id), '') as source_record_id,
        lower(trim(event_type)) as event_type,
        {{ as_instant('occurred_at') }} as occurred_at,
        nullif(trim(url), '') as url,
        source_file
    from {{ source('email_marketing', 'message_events') }}
),

checked as (
    select
        *,
        case
            when message_event_id is null then 'missing_key'
            when source_record_id is null or campaign_id is null then 'missing_reference'
            when occurred_at is null then 'invalid_timestamp'
            when {{ is_after_today('occurred_at') }} then 'future_timestamp'
            when coalesce(event_type, '') not in (
                'sent', 'delivered', 'bounced', 'opened', 'clicked', 'unsubscribed'
            ) then 'invalid_code'
        end as fault
    from typed
),

judged as (
    {{ judge_versions('checked', key=['message_event_id'], newest_by='occurred_at') }}
)

select
    source_system,
    message_event_id,
    message_id,
    campaign_id,
    source_record_id,
    event_type,
    occurred_at,
    url,
    source_file,
    reject_reason
from judged
