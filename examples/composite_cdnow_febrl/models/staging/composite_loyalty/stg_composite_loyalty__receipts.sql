with

typed as (
    select
        'composite_loyalty' as source_system,
        nullif(trim(receipt_id), '') as order_id,
        nullif(trim(card_no), '') as source_record_id,
        {{ as_instant('date') }} as ordered_at,
        'completed' as status,
        'USD' as currency,
        try_cast(amount as decimal(18, 2)) as gross_amount,
        source_file,
        source_row,
        is_deleted
    from {{ source('composite_loyalty', 'receipts') }}
),

checked as (
    select
        *,
        {{ first_fault([
            ('order_id is null', 'missing_key', 'receipt_id'),
            ('source_record_id is null', 'missing_reference', 'card_no'),
            ('ordered_at is null', 'invalid_timestamp', 'date'),
            (is_after_today('ordered_at'), 'future_timestamp', 'date'),
            ('gross_amount is null or gross_amount < 0', 'invalid_amount', 'amount'),
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
