{{ config(materialized='incremental', unique_key=['consent_id']) }}

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
        source_file,
        source_row,
        is_deleted
    from {{ landed(
        source('email_marketing', 'consents'),
        {'consent_id': "nullif(trim(consent_id), '')"}
    ) }}
),

checked as (
    select
        *,
        {{ first_fault([
            ('consent_id is null', 'missing_key', 'consent_id'),
            ('source_record_id is null', 'missing_reference', 'contact_id'),
            ('recorded_at is null', 'invalid_timestamp', 'recorded_at'),
            (is_after_today('recorded_at'), 'future_timestamp', 'recorded_at'),
            ("coalesce(purpose, '') not in ('commercial', 'tracking')", 'invalid_code', 'purpose'),
            ("coalesce(channel, '') not in ('email', 'sms', 'phone')", 'invalid_code', 'channel'),
            (
                "coalesce(status, '') not in ('granted', 'denied', 'pending')",
                'invalid_code', 'status'
            ),
        ]) }}
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
    source_row,
    reject_reason,
    reject_column
from judged
