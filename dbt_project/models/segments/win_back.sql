{#- Compiled from segment_rules/win_back.yml by `c360 segment compile`; edit that file. -#}

with

profiles as not materialized (
    select profile_id
    from {{ ref('profiles') }}
),

customer_attributes as not materialized (
    select
        profile_id,
        purchase_count,
        days_since_last_purchase
    from {{ ref('customer_attributes') }}
),

recorded_activities as not materialized (
    select
        profile_id,
        activity_type,
        occurred_at
    from {{ ref('recorded_activities') }}
),

clock as not materialized (
    select
        as_of_at,
        as_of_on
    from {{ ref('refresh_period') }}
),

purchase_count_at_least as (
    select
        profile_id,
        purchase_count as purchase_count_value
    from customer_attributes
    where purchase_count >= 3
),

days_since_last_purchase_between as (
    select
        profile_id,
        days_since_last_purchase as days_since_last_purchase_value
    from customer_attributes
    where days_since_last_purchase between 181 and 365
),

activities_seen as (
    select distinct recorded_activities.profile_id
    from recorded_activities
    cross join clock
    where
        recorded_activities.activity_type in ('product_view', 'add_to_cart')
        and recorded_activities.occurred_at >= clock.as_of_on - interval '14' day + interval '1' day
        and recorded_activities.occurred_at < clock.as_of_on + interval '1' day
),

members as (
    select
        profiles.profile_id,
        concat_ws(
            '; ',
            'purchase count '
            || cast(purchase_count_at_least.purchase_count_value as string),
            'days since last purchase '
            || cast(days_since_last_purchase_between.days_since_last_purchase_value as string)
        ) as reason
    from profiles
    left join purchase_count_at_least
        on profiles.profile_id = purchase_count_at_least.profile_id
    left join days_since_last_purchase_between
        on profiles.profile_id = days_since_last_purchase_between.profile_id
    left join activities_seen
        on profiles.profile_id = activities_seen.profile_id
    where
        purchase_count_at_least.profile_id is not null
        and days_since_last_purchase_between.profile_id is not null
        and not (activities_seen.profile_id is not null)
)

select
    profile_id,
    reason
from members
