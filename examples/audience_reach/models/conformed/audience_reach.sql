with

accepted as (
    {{ union_staged('audience_reach', [
        'source_system', 'external_audience_id', 'reach_lower_bound', 'reach_upper_bound',
        'delivery_status', 'reported_at', 'source_file'
    ]) }}
)

select
    source_system,
    external_audience_id,
    reach_lower_bound,
    reach_upper_bound,
    delivery_status,
    reported_at,
    source_file
from accepted
