{{ config(materialized='incremental', unique_key=['profile_id']) }}

with

{% call reached() %}
    select profile_id from {{ changed('recorded_activities') }} where points is not null
{% endcall %}

ledger_entries as (
    select
        profile_id,
        activity_type,
        points
    from {{ part(ref('recorded_activities'), ['profile_id']) }}
    where points is not null
),

-- Whatever kinds of entry a programme books, the balance is the sum of all of them.
profile_points as (
    select
        profile_id,
        cast(coalesce(sum(points) filter (where activity_type = 'points_earned'), 0) as bigint)
            as points_earned,
        cast(coalesce(-sum(points) filter (where activity_type = 'points_redeemed'), 0) as bigint)
            as points_redeemed,
        cast(sum(points) as bigint) as points_balance
    from ledger_entries
    group by profile_id
)

select
    profile_id,
    points_earned,
    points_redeemed,
    points_balance
from profile_points
-- A look-up of a person then reads the row groups only that the id can be in.
order by profile_id
