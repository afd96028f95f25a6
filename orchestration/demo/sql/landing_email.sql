-- The rows of the e-mail system as they are written; see landing.sql.

create or replace temp table email_marketing_contacts as
with written as (
    select
        *,
        strftime(instant(updated_second), '%Y-%m-%d %H:%M:%S') as updated_at,
        unnest(copies(
            subkey(record_key, version), $duplicate_rate, $spoilt_rate,
            ['missing_key', 'unreadable_date', 'future_date']
        )) as defect
    from told_records
    where source_system = 'email_marketing'
)

select
    defect,
    source_record_id as sort_key,
    case when defect != 'missing_key' then source_record_id end as contact_id,
    email,
    first_name,
    last_name,
    strftime(instant(created_second), '%Y-%m-%d %H:%M:%S') as created_at,
    spoilt_instant(updated_at, defect) as updated_at
from written;

create or replace temp table email_marketing_message_events as
with written as (
    select
        *,
        strftime(instant(occurred_second), '%Y-%m-%d %H:%M:%S') as occurred_at,
        unnest(copies(
            event_key, $duplicate_rate, $spoilt_rate,
            ['missing_key', 'unreadable_date', 'future_date']
        )) as defect
    from message_events
)

select
    defect,
    message_event_id as sort_key,
    case when defect != 'missing_key' then message_event_id end as message_event_id,
    message_id,
    campaign_id,
    contact_id,
    event_type,
    spoilt_instant(occurred_at, defect) as occurred_at,
    url
from written;

create or replace temp table email_marketing_consents as
with written as (
    select
        *,
        strftime(instant(recorded_second), '%Y-%m-%d %H:%M:%S') as recorded_at,
        unnest(copies(
            consent_key, $duplicate_rate, $spoilt_rate,
            ['missing_key', 'unreadable_date', 'future_date']
        )) as defect
    from consents
)

select
    defect,
    consent_id as sort_key,
    case when defect != 'missing_key' then consent_id end as consent_id,
    contact_id,
    purpose,
    channel,
    status,
    spoilt_instant(recorded_at, defect) as recorded_at,
    captured_by
from written;
