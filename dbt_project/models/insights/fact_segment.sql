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
        sum(customer_attributes.net_amount) as net_amount
    from segment_membership
    left join customer_attributes
        on segment_membership.profile_id = customer_attributes.profile_id
    group by segment_membership.segment_name
)

select
    this_refresh.date_key,
    this_refresh.merge_policy_id,
    definitions.segment_id,
    definitions.segment_name,
    cast(coalesce(segment_totals.profile_count, 0) as bigint) as profile_count,
    cast(coalesce(segment_totals.order_count, 0) as bigint) as order_count,
    cast(coalesce(segment_totals.net_amount, 0) as decimal(18, 2)) as net_amount,
    currencies.currency
from definitions
cross join this_refresh
cross join currencies
left join segment_totals
    on definitions.segment_name = segment_totals.segment_name
