with

abandoned_carts as (
    select
        profile_id,
        max(abandoned_at) as abandoned_at
    from {{ ref('abandoned_visits') }}
    where activity_type = 'cart_abandoned' and {{ within_last('abandoned_at', 7, 'day') }}
    group by profile_id
),

reachable as (
    select profile_id
    from {{ ref('profiles') }}
    where may_be_emailed
),

-- Who has bought since has what was in the cart, or something better.
orders as (
    select
        profile_id,
        last_ordered_at
    from {{ ref('customer_attributes') }}
)

select
    abandoned_carts.profile_id,
    'left a cart on ' || cast(cast(abandoned_carts.abandoned_at as date) as string) as reason
from abandoned_carts
inner join reachable
    on abandoned_carts.profile_id = reachable.profile_id
left join orders
    on abandoned_carts.profile_id = orders.profile_id
where coalesce(orders.last_ordered_at < abandoned_carts.abandoned_at, true)
