with

accepted as (
    {{ union_staged('orders', [
        'source_system', 'order_id', 'source_record_id', 'ordered_at', 'status',
        'currency', 'gross_amount', 'source_file'
    ]) }}
)

select
    source_system,
    order_id,
    source_record_id,
    ordered_at,
    status,
    currency,
    gross_amount,
    source_file
from accepted
-- What lies after the clock waits in quarantine.set_aside_rows.
where not {{ is_after_clock('ordered_at') }}
