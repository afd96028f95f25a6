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
        source_file
    from {{ source('web_shop', 'order_lines') }}
),

checked as (
    select
        *,
        case
            when order_id is null or line_number is null then 'missing_key'
            when booked_at is null then 'invalid_timestamp'
            when {{ is_after_today('booked_at') }} then 'future_timestamp'
            when line_amount is null then 'invalid_amount'
            when coalesce(quantity, 0) = 0 then 'invalid_quantity'
            when is_return is null or coalesce(currency, '') = '' then 'invalid_code'
            -- What is bought comes in with a plus, what is returned with a minus.
            when is_return <> (quantity < 0) then 'invalid_quantity'
            when is_return and line_amount > 0 then 'invalid_amount'
            when not is_return and line_amount < 0 then 'invalid_amount'
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
