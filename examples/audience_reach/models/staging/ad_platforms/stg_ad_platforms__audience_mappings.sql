with

typed as (
    select
        'ad_platforms' as source_system,
        nullif(trim(ext_custom_audience_id), '') as external_audience_id,
        nullif(trim(segment_name), '') as segment_name,
        nullif(trim(destination_name), '') as destination_name,
        cast(null as timestamp) as reported_at,
        source_file,
        source_row,
        is_deleted
    from {{ source('ad_platforms', 'audience_mappings') }}
),

checked as (
    select
        *,
        {{ first_fault([
            ('external_audience_id is null', 'missing_key', 'ext_custom_audience_id'),
            ('segment_name is null', 'missing_key', 'segment_name'),
            ('destination_name is null', 'missing_key', 'destination_name'),
        ]) }}
    from typed
),

judged as (
    {{ judge_versions('checked', key=['external_audience_id'], newest_by='reported_at') }}
)

select
    source_system,
    external_audience_id,
    segment_name,
    destination_name,
    source_file,
    source_row,
    reject_reason,
    reject_column
from judged
