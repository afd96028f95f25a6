with

customer_attributes as (
    select
        profile_id,
        purchase_count,
        days_since_last_purchase
    from {{ ref('customer_attributes') }}
)

select
    profile_id,
    'one purchase, ' || cast(days_since_last_purchase as string) || ' days ago' as reason
from customer_attributes
where purchase_count = 1 and days_since_last_purchase between 30 and 90
