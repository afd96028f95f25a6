{{ config(materialized='incremental', unique_key=['campaign_id']) }}

with

typed as (
    select
        'email_marketing' as source_system,
        nullif(trim(campaign_id), '') as campaign_id,
        nullif(trim(campaign_name), '') as campaign_name,
        nullif(trim(subject), '') as subject,
        nullif(trim(audience), '') as audience,
        'email' as channel,
        {{ as_instant('started_at') }} as started_at,
        source_file,
        source_row,
        is_deleted
    from {{ landed(
        source('email_marketing', 'campaigns'),
        {'campaign_id': "nullif(trim(campaign_id), '')"}
    ) }}
),

checked as (
    select
        *,
        {{ first_fault([
            ('campaign_id is null', 'missing_key', 'campaign_id'),
        ]) }}
    from typed
),

judged as (
    {{ judge_versions('checked', key=['campaign_id'], newest_by='started_at') }}
)

select
    source_system,
    campaign_id,
    campaign_name,
    subject,
    audience,
    channel,
    started_at,
    source_file,
    source_row,
    reject_reason,
    reject_column
from judged
