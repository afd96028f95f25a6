{{ config(materialized='daily_snapshot') }}

with

this_refresh as (
    {{ this_refresh() }}
),

definitions as (
    select
        segment_id,
        segment_name
    from {{ ref('definitions') }}
    where state <> 'draft'
),

segment_membership as (
    select
        profile_id,
        segment_name
    from {{ ref('segment_membership') }}
),

customer_attributes as (
    select
        profile_id,
        order_count,
        net_amount,
        currency
    from {{ ref('customer_attributes') }}
),

-- There is one reporting currency; a test holds that.
currencies as (
    select min(currency) as currency
    from customer_attributes
),

segment_totals as (
    select
        segment_membership.segment_name,
        count(*) as profile_count,
        sum(customer_attributes.order_count) as order_count,
        sum(customer_attributes.net_amount) as net_amount,
        max(abs(customer_attributes.net_amount)) as largest_amount
    from segment_membership
    left join customer_attributes
        on segment_membership.profile_id = customer_attributes.profile_id
    group by segment_membership.segment_name
),

steps as (
    select
        *,
        {{ rounding_step('largest_amount') }} as step
    from segment_totals
)

-- What segments share has no total, so that no row has to make up for the others.
select
    this_refresh.date_key,
    this_refresh.merge_policy_id,
    definitions.segment_id,
    definitions.segment_name,
    {{ unless_small('coalesce(steps.profile_count, 0)') }} as profile_count,
    {{ unless_small('coalesce(steps.profile_count, 0)', 'coalesce(steps.order_count, 0)') }}
        as order_count,
    {{ unless_small(
        'coalesce(steps.profile_count, 0)',
        'coalesce(round(steps.net_amount / nullif(steps.step, 0)) * steps.step, steps.net_amount, 0)',
        'decimal(18, 2)',
    ) }} as net_amount,
    currencies.currency
from definitions
cross join this_refresh
cross join currencies
left join steps
    on definitions.segment_name = steps.segment_name
