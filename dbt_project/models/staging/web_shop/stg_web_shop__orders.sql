{{ config(materialized='incremental', unique_key=['order_id']) }}

with

typed as (
    select
        'web_shop' as source_system,
        nullif(trim(order_id), '') as order_id,
        nullif(trim(customer_id), '') as source_record_id,
        {{ as_instant('ordered_at') }} as ordered_at,
        lower(trim(status)) as status,
        upper(trim(currency)) as currency,
        try_cast(total_amount as decimal(18, 2)) as gross_amount,
        source_file,
        source_row,
        is_deleted
    from {{ landed(
        source('web_shop', 'orders'),
        {'order_id': "nullif(trim(order_id), '')"}
    ) }}
),

checked as (
    select
        *,
        {{ first_fault([
            ('order_id is null', 'missing_key', 'order_id'),
            ('source_record_id is null', 'missing_reference', 'customer_id'),
            ('ordered_at is null', 'invalid_timestamp', 'ordered_at'),
            (is_after_today('ordered_at'), 'future_timestamp', 'ordered_at'),
            ('gross_amount is null or gross_amount < 0', 'invalid_amount', 'total_amount'),
            ("coalesce(status, '') not in ('completed', 'cancelled')", 'invalid_code', 'status'),
            ("coalesce(currency, '') = ''", 'invalid_code', 'currency'),
        ]) }}
    from typed
),

judged as (
    {{ judge_versions('checked', key=['order_id'], newest_by='ordered_at') }}
)

select
    source_system,
    order_id,
    source_record_id,
    ordered_at,
    status,
    currency,
    gross_amount,
    source_file,
    source_row,
    reject_reason,
    reject_column
from judged
