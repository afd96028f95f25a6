{{ config(materialized='incremental', unique_key=['profile_id']) }}

with

{% call reached() %}
    select profile_id from {{ changed('order_amounts') }}
{% endcall %}

order_amounts as (
    select
        profile_id,
        ordered_at,
        returned_amount,
        net_amount
    from {{ part(ref('order_amounts'), ['profile_id']) }}
    where profile_id is not null
),

-- Purchases of one day are one purchase. What came back in full is none, nor is a booking that
-- only takes money back, but their amounts count; goods given away do count.
purchase_days as (
    select
        profile_id,
        cast(ordered_at as date) as bought_on,
        cast(sum(net_amount) as decimal(18, 2)) as net_amount,
        max(case when net_amount > 0 or (net_amount = 0 and returned_amount = 0) then 1 else 0 end) = 1
            as is_purchase
    from order_amounts
    group by profile_id, cast(ordered_at as date)
)

select
    profile_id,
    bought_on,
    net_amount,
    is_purchase
from purchase_days
