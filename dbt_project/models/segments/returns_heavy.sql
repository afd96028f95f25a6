with

customer_attributes as (
    select
        profile_id,
        order_count,
        gross_amount,
        returned_amount
    from {{ ref('customer_attributes') }}
)

select
    profile_id,
    cast(cast(round(100 * returned_amount / gross_amount) as int) as string)
    || ' % of ' || cast(order_count as string) || ' orders came back' as reason
from customer_attributes
where order_count >= 3 and gross_amount > 0 and 10 * returned_amount >= 3 * gross_amount
