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
        source_file
    from {{ source('composite_loyalty', 'receipts') }}
),

checked as (
    select
        *,
        case
            when order_id is null then 'missing_key'
            when source_record_id is null then 'missing_reference'
            when ordered_at is null then 'invalid_timestamp'
            when {{ is_after_today('ordered_at') }} then 'future_timestamp'
            when gross_amount is null or gross_amount < 0 then 'invalid_amount'
        end as fault
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
    reject_reason
from judged
