-- Finding people moves activities from records to persons and does nothing else: no row, no euro
-- and no point appears or disappears.
with

conformed as (
    select
        count(*) as activity_count,
        cast(0 as decimal(18, 2)) as amount,
        cast(sum(points) as bigint) as points
    from {{ ref('events') }}
    union all
    select
        count(*) as activity_count,
        cast(sum(gross_amount) as decimal(18, 2)) as amount,
        cast(0 as bigint) as points
    from {{ ref('orders') }}
    where source_record_id is not null
    union all
    select
        count(*) as activity_count,
        cast(0 as decimal(18, 2)) as amount,
        cast(0 as bigint) as points
    from {{ ref('message_events') }}
    union all
    select
        count(*) as activity_count,
        cast(0 as decimal(18, 2)) as amount,
        cast(0 as bigint) as points
    from {{ ref('support_contacts') }}
    union all
    select
        count(*) as activity_count,
        cast(0 as decimal(18, 2)) as amount,
        cast(0 as bigint) as points
    from {{ ref('interactions') }}
),

before_unification as (
    select
        cast(sum(activity_count) as bigint) as activity_count,
        coalesce(sum(amount), 0) as amount,
        coalesce(sum(points), 0) as points
    from conformed
),

after_unification as (
    select
        count(*) as activity_count,
        coalesce(sum(amount), 0) as amount,
        coalesce(sum(points), 0) as points
    from {{ ref('recorded_activities') }}
    where profile_id is not null
)

select
    before_unification.activity_count as conformed_count,
    after_unification.activity_count,
    before_unification.amount as conformed_amount,
    after_unification.amount,
    before_unification.points as conformed_points,
    after_unification.points
from before_unification
cross join after_unification
where
    before_unification.activity_count <> after_unification.activity_count
    or before_unification.amount <> after_unification.amount
    or before_unification.points <> after_unification.points
