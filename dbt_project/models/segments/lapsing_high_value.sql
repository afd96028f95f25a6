with

lapsing as (
    select
        profile_id,
        lifecycle_stage
    from {{ ref('derived_attributes') }}
    where lifecycle_stage = 'lapsing'
),

best as (
    select
        profile_id,
        reason
    from {{ ref('top_three_deciles') }}
)

select
    best.profile_id,
    best.reason || ', lapsing' as reason
from best
inner join lapsing
    on best.profile_id = lapsing.profile_id
