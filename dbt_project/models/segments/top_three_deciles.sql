with

deciles as (
    select
        profile_id,
        category,
        decile
    from {{ ref('deciles') }}
    where metric = 'net_revenue' and category_type = 'loyalty_tier' and look_back = 'lifetime'
),

members as (
    select
        profile_id,
        category,
        decile
    from deciles
    where decile <= 3
)

select
    profile_id,
    'decile ' || cast(decile as string)
    || ' of lifetime net revenue in tier ' || category as reason
from members
