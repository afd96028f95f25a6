with

typed as (
    select
        'composite_loyalty' as source_system,
        nullif(trim(receipt_id), '') as order_id,
        1 as line_number,
        cast(null as string) as product_id,
        try_cast(units as int) as quantity,
        try_cast(amount as decimal(18, 2)) as line_amount,
        'USD' as currency,
        false as is_return,
        {{ as_instant('date') }} as booked_at,
        source_file
    from {{ source('composite_loyalty', 'receipt_lines') }}
),

checked as (
    select
        *,
        case
            when order_id is null then 'missing_key'
            when booked_at is null then 'invalid_timestamp'
            when {{ is_after_today('booked_at') }} then 'future_timestamp'
            when line_amount is null or line_amount < 0 then 'invalid_amount'
            when coalesce(quantity, 0) <= 0 then 'invalid_quantity'
        end as fault
    from typed
),

judged as (
    {{ judge_versions('checked', key=['order_id', 'line_number'], newest_by='booked_at') }}
)

select
    source_system,
    order_id,
    line_number,
    product_id,
    quantity,
    line_amount,
    currency,
    is_return,
    booked_at,
    source_file,
    reject_reason
from judged
