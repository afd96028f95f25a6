-- Points are a debt to the members: merging records moves them between accounts and must not
-- make or lose one.
with

expected as (
    select
        coalesce(sum(points), 0) as points_balance,
        coalesce(sum(points) filter (where event_type = 'points_earned'), 0) as points_earned
    from {{ ref('events') }}
    where points is not null
),

found as (
    select
        coalesce(sum(points_balance), 0) as points_balance,
        coalesce(sum(points_earned), 0) as points_earned
    from {{ ref('loyalty_points') }}
    union all
    select
        coalesce(sum(points_balance), 0) as points_balance,
        coalesce(sum(points_earned), 0) as points_earned
    from {{ ref('period_measures') }}
    where look_back = 'lifetime'
)

select
    expected.points_balance as expected_points_balance,
    found.points_balance,
    expected.points_earned as expected_points_earned,
    found.points_earned
from found
cross join expected
where
    found.points_balance <> expected.points_balance
    or found.points_earned <> expected.points_earned
