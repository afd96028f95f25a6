{{ config(materialized='incremental', unique_key=['message_event_id']) }}

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
        source_file,
        source_row,
        is_deleted
    from {{ landed(
        source('email_marketing', 'message_events'),
        {'message_event_id': "nullif(trim(message_event_id), '')"}
    ) }}
),

checked as (
    select
        *,
        {{ first_fault([
            ('message_event_id is null', 'missing_key', 'message_event_id'),
            ('source_record_id is null', 'missing_reference', 'contact_id'),
            ('campaign_id is null', 'missing_reference', 'campaign_id'),
            ('occurred_at is null', 'invalid_timestamp', 'occurred_at'),
            (is_after_today('occurred_at'), 'future_timestamp', 'occurred_at'),
            (
                "coalesce(event_type, '') not in ('sent', 'delivered', 'bounced', 'opened', 'clicked', 'unsubscribed')",
                'invalid_code', 'event_type'
            ),
        ]) }}
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
    source_row,
    reject_reason,
    reject_column
from judged
