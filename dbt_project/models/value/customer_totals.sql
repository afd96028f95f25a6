{{ config(materialized='incremental', unique_key=['profile_id']) }}

with

{% call reached() %}
    select profile_id from {{ changed('order_amounts') }}
{% endcall %}

order_amounts as (
    select
        profile_id,
        ordered_at,
        is_order,
        returned_amount,
        net_amount,
        currency,
        margin_amount
    from {{ part(ref('order_amounts'), ['profile_id']) }}
    where profile_id is not null
),

-- There is one reporting currency; a test of profile holds that.
reporting as (
    select max(currency) as currency
    from order_amounts
),

-- Gross is net and returned together, per order and so in sum: where the
-- profiles are more than memory holds this grouping spills, and each further sum spills with it.
profile_sums as (
    select
        profile_id,
        count(*) filter (where is_order) as order_count,
        cast(sum(returned_amount) as decimal(18, 2)) as returned_amount,
        cast(sum(net_amount) as decimal(18, 2)) as net_amount,
        min(ordered_at) filter (where is_order) as first_ordered_at,
        max(ordered_at) filter (where is_order) as last_ordered_at,
        case
            when count(margin_amount) = count(*) then cast(sum(margin_amount) as decimal(18, 2))
        end as margin_amount
    from order_amounts
    group by profile_id
)

select
    profile_sums.profile_id,
    cast(profile_sums.order_count as bigint) as order_count,
    cast(profile_sums.net_amount + profile_sums.returned_amount as decimal(18, 2)) as gross_amount,
    profile_sums.returned_amount,
    profile_sums.net_amount,
    profile_sums.first_ordered_at,
    profile_sums.last_ordered_at,
    reporting.currency,
    profile_sums.margin_amount
from profile_sums
cross join reporting
