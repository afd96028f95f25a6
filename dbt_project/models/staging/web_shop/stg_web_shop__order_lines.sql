{{ config(materialized='incremental', unique_key=['order_id', 'line_number']) }}

with

typed as (
    select
        'web_shop' as source_system,
        nullif(trim(order_id), '') as order_id,
        try_cast(line_number as int) as line_number,
        nullif(trim(product_id), '') as product_id,
        try_cast(quantity as int) as quantity,
        try_cast(line_amount as decimal(18, 2)) as line_amount,
        upper(trim(currency)) as currency,
        try_cast(is_return as boolean) as is_return,
        {{ as_instant('booked_at') }} as booked_at,
        source_file,
        source_row,
        is_deleted
    from {{ landed(
        source('web_shop', 'order_lines'),
        {'order_id': "nullif(trim(order_id), '')", 'line_number': "try_cast(line_number as int)"}
    ) }}
),

-- What is bought comes in with a plus, what is returned with a minus.
checked as (
    select
        *,
        {{ first_fault([
            ('order_id is null', 'missing_key', 'order_id'),
            ('line_number is null', 'missing_key', 'line_number'),
            ('booked_at is null', 'invalid_timestamp', 'booked_at'),
            (is_after_today('booked_at'), 'future_timestamp', 'booked_at'),
            ('line_amount is null', 'invalid_amount', 'line_amount'),
            ('coalesce(quantity, 0) = 0', 'invalid_quantity', 'quantity'),
            ('is_return is null', 'invalid_code', 'is_return'),
            ("coalesce(currency, '') = ''", 'invalid_code', 'currency'),
            ('is_return <> (quantity < 0)', 'invalid_quantity', 'quantity'),
            ('is_return and line_amount > 0', 'invalid_amount', 'line_amount'),
            ('not is_return and line_amount < 0', 'invalid_amount', 'line_amount'),
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
