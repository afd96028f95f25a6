{{
    config(
        materialized='incremental',
        unique_key=['source_system', 'order_id'],
        meta={'reaches_through': ['refresh_period']}
    )
}}

with

{% call reached() %}
    {{ changed_staged('orders', ['source_system', 'order_id']) }}
    union all
    {{ passed_by_clock('orders', ['source_system', 'order_id'], 'ordered_at') }}
    union all
    {{ paid_elsewhere(by=changed_staged('orders', ['order_id'])) }}
{% endcall %}

accepted as (
    {{ union_staged('orders', [
        'source_system', 'order_id', 'source_record_id', 'ordered_at', 'status',
        'currency', 'gross_amount', 'source_file'
    ], key=['source_system', 'order_id']) }}
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
-- What lies after the clock waits in quarantine.set_aside_rows, and what is the payment of another
-- system's order stays there.
where
    not {{ is_after_clock('ordered_at') }}
    and (source_system, order_id) not in ({{ paid_elsewhere() }})
