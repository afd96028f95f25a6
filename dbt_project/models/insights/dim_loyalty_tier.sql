{{ config(materialized='lasting_dimension', key=['loyalty_tier']) }}

with

loyalty_tiers as (
    select
        loyalty_tier,
        min(tier_rank) as tier_rank,
        min(threshold_points) as threshold_points
    from {{ ref('loyalty_tiers') }}
    group by loyalty_tier
),

-- A tier that people hold but no programme describes still gets its row, without rank.
held_tiers as (
    select distinct loyalty_tier
    from {{ ref('profiles') }}
    where loyalty_tier is not null
),

tiers as (
    select
        coalesce(loyalty_tiers.loyalty_tier, held_tiers.loyalty_tier) as loyalty_tier,
        loyalty_tiers.tier_rank,
        loyalty_tiers.threshold_points
    from loyalty_tiers
    full outer join held_tiers
        on loyalty_tiers.loyalty_tier = held_tiers.loyalty_tier
    union all
    select
        'No tier' as loyalty_tier,
        0 as tier_rank,
        null as threshold_points
    union all
    -- Tiers with deciles of few people are told of together.
    select
        'Other' as loyalty_tier,
        null as tier_rank,
        null as threshold_points
)

select
    loyalty_tier,
    cast(tier_rank as int) as tier_rank,
    cast(threshold_points as bigint) as threshold_points
from tiers
