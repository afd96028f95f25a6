with

customer_attributes as (
    select
        profile_id,
        first_ordered_at
    from {{ ref('customer_attributes') }}
),

refresh_period as (
    select month_start_on
    from {{ ref('refresh_period') }}
)

select
    customer_attributes.profile_id,
    'first order on ' || cast(cast(customer_attributes.first_ordered_at as date) as string) as reason
from customer_attributes
inner join refresh_period
    on customer_attributes.first_ordered_at >= refresh_period.month_start_on
