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
        source_file
    from {{ source('email_marketing', 'campaigns') }}
),

checked as (
    select
        *,
        case when campaign_id is null then 'missing_key' end as fault
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
    reject_reason
from judged
