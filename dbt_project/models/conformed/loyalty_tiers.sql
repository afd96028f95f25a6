with

accepted as (
    {{ union_staged('loyalty_tiers', [
        'source_system', 'loyalty_tier', 'tier_rank', 'threshold_points', 'source_file'
    ]) }}
)

select
    source_system,
    loyalty_tier,
    tier_rank,
    threshold_points,
    source_file
from accepted
