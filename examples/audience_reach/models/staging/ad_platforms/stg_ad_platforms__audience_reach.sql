with

typed as (
    select
        'ad_platforms' as source_system,
        nullif(trim(ext_custom_audience_id), '') as external_audience_id,
        try_cast(approximate_count_lower_bound as bigint) as reach_lower_bound,
        try_cast(approximate_count_upper_bound as bigint) as reach_upper_bound,
        nullif(trim(delivery_status), '') as delivery_status,
        {{ as_instant('time_updated') }} as reported_at,
        source_file,
        source_row,
        is_deleted
    from {{ source('ad_platforms', 'audience_reach') }}
),

checked as (
    select
        *,
        {{ first_fault([
            ('external_audience_id is null', 'missing_key', 'ext_custom_audience_id'),
            ('reported_at is null', 'invalid_timestamp', 'time_updated'),
            (is_after_today('reported_at'), 'future_timestamp', 'time_updated'),
            ('coalesce(reach_lower_bound, -1) < 0', 'invalid_quantity', 'approximate_count_lower_bound'),
            (
                'coalesce(reach_upper_bound, -1) < reach_lower_bound', 'invalid_quantity',
                'approximate_count_upper_bound'
            ),
        ]) }}
    from typed
),

judged as (
    {{ judge_versions('checked', key=['external_audience_id'], newest_by='reported_at') }}
)

select
    source_system,
    external_audience_id,
    reach_lower_bound,
    reach_upper_bound,
    delivery_status,
    reported_at,
    source_file,
    source_row,
    reject_reason,
    reject_column
from judged
