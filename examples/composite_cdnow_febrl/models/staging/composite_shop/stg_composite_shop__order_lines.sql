with

typed as (
    select
        'composite_shop' as source_system,
        nullif(trim(order_id), '') as order_id,
        1 as line_number,
        cast(null as string) as product_id,
        try_cast(units as int) as quantity,
        try_cast(amount as decimal(18, 2)) as line_amount,
        'USD' as currency,
        false as is_return,
        {{ as_instant('date') }} as booked_at,
        source_file,
        source_row,
        is_deleted
    from {{ source('composite_shop', 'orders') }}
),

checked as (
    select
        *,
        {{ first_fault([
            ('order_id is null', 'missing_key', 'order_id'),
            ('booked_at is null', 'invalid_timestamp', 'date'),
            (is_after_today('booked_at'), 'future_timestamp', 'date'),
            ('line_amount is null or line_amount < 0', 'invalid_amount', 'amount'),
            ('coalesce(quantity, 0) <= 0', 'invalid_quantity', 'units'),
        ]) }}
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
    source_row,
    reject_reason,
    reject_column
from judged
