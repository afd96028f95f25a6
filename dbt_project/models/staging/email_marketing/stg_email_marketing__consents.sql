with

typed as (
    select
        'email_marketing' as source_system,
        nullif(trim(consent_id), '') as consent_id,
        nullif(trim(contact_id), '') as source_record_id,
        lower(trim(purpose)) as purpose,
        lower(trim(channel)) as channel,
        lower(trim(status)) as status,
        {{ as_instant('recorded_at') }} as recorded_at,
        lower(nullif(trim(captured_by), '')) as captured_by,
        source_file
    from {{ source('email_marketing', 'consents') }}
),

checked as (
    select
        *,
        case
            when consent_id is null then 'missing_key'
            when source_record_id is null then 'missing_reference'
            when recorded_at is null then 'invalid_timestamp'
            when {{ is_after_today('recorded_at') }} then 'future_timestamp'
            when coalesce(purpose, '') not in ('commercial', 'tracking') then 'invalid_code'
            when coalesce(channel, '') not in ('email', 'sms', 'phone') then 'invalid_code'
            when coalesce(status, '') not in ('granted', 'denied', 'pending') then 'invalid_code'
        end as fault
    from typed
),

judged as (
    {{ judge_versions('checked', key=['consent_id'], newest_by='recorded_at') }}
)

select
    source_system,
    consent_id,
    source_record_id,
    purpose,
    channel,
    status,
    recorded_at,
    captured_by,
    source_file,
    reject_reason
from judged
