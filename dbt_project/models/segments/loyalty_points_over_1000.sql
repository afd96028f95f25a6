with

loyalty_points as (
    select
        profile_id,
        points_balance
    from {{ ref('loyalty_points') }}
),

members as (
    select
        profile_id,
        points_balance
    from loyalty_points
    where points_balance > 1000
)

select
    profile_id,
    'a balance of ' || cast(points_balance as string) || ' points' as reason
from members
