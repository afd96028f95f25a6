with

accepted as (
    {{ union_staged('events', [
        'source_system', 'event_id', 'source_record_id', 'event_type', 'occurred_at',
        'login', 'product_id', 'url_path', 'device_type', 'points',
        'order_id', 'source_file'
    ]) }}
)

select
    source_system,
    event_id,
    source_record_id,
    event_type,
    occurred_at,
    login,
    product_id,
    url_path,
    device_type,
    points,
    order_id,
    source_file
from accepted
