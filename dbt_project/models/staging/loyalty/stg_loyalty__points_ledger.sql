{{ config(materialized='incremental', unique_key=['event_id']) }}

with

typed as (
    select
        'loyalty' as source_system,
        nullif(trim(entry_id), '') as event_id,
        nullif(trim(member_no), '') as source_record_id,
        lower(trim(entry_type)) as entry_type,
        {{ as_instant('booked_at') }} as occurred_at,
        try_cast(points as bigint) as points,
        nullif(trim(order_id), '') as order_id,
        source_file,
        source_row,
        is_deleted
    from {{ landed(
        source('loyalty', 'points_ledger'),
        {'event_id': "nullif(trim(entry_id), '')"}
    ) }}
),

checked as (
    select
        *,
        {{ first_fault([
            ('event_id is null', 'missing_key', 'entry_id'),
            ('source_record_id is null', 'missing_reference', 'member_no'),
            ('occurred_at is null', 'invalid_timestamp', 'booked_at'),
            (is_after_today('occurred_at'), 'future_timestamp', 'booked_at'),
            ('points is null', 'invalid_amount', 'points'),
            (
                "coalesce(entry_type, '') not in ('earned', 'redeemed', 'expired', 'adjusted')",
                'invalid_code', 'entry_type'
            ),
        ]) }}
    from typed
),

judged as (
    {{ judge_versions('checked', key=['event_id'], newest_by='occurred_at') }}
)

select
    source_system,
    event_id,
    source_record_id,
    'points_' || entry_type as event_type,
    occurred_at,
    cast(null as string) as login,
    cast(null as string) as product_id,
    cast(null as string) as url_path,
    cast(null as string) as device_type,
    points,
    order_id,
    source_file,
    source_row,
    reject_reason,
    reject_column
from judged
