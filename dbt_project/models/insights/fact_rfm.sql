{{ config(materialized='daily_snapshot') }}

with

this_refresh as (
    {{ this_refresh() }}
),

-- There is one reporting currency; a test holds that.
currencies as (
    select min(currency) as currency
    from {{ ref('customer_attributes') }}
),

cells as (
    select
        rfm_segment,
        count(*) as profile_count,
        sum(monetary_amount) as net_amount,
        max(abs(monetary_amount)) as largest_amount
    from {{ ref('rfm') }}
    group by rfm_segment
),

pooled_cells as (
    select
        *,
        {{ is_pooled(
            'profile_count < ' ~ minimum_cell_size(), 'profile_count', [], 'rfm_segment'
        ) }} as is_pooled
    from cells
),

rfm_totals as (
    select
        case when is_pooled then 'Other' else rfm_segment end as rfm_segment,
        sum(profile_count) as profile_count,
        sum(net_amount) as net_amount,
        max(largest_amount) as largest_amount
    from pooled_cells
    group by case when is_pooled then 'Other' else rfm_segment end
    having sum(profile_count) >= {{ minimum_cell_size() }}
),

steps as (
    select
        *,
        {{ rounding_step('largest_amount', []) }} as step
    from rfm_totals
)

select
    this_refresh.date_key,
    this_refresh.merge_policy_id,
    steps.rfm_segment,
    cast(steps.profile_count as bigint) as profile_count,
    {{ controlled_rounding('steps.net_amount', 'steps.step', [], 'steps.rfm_segment') }}
        as net_amount,
    currencies.currency
from steps
cross join this_refresh
cross join currencies
