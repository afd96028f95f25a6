with

readers as (
    select profile_id
    from {{ ref('profiles') }}
    where may_be_emailed
),

customers as (
    select profile_id
    from {{ ref('customer_attributes') }}
    where order_count > 0
)

select
    readers.profile_id,
    'may be e-mailed, no order' as reason
from readers
left join customers
    on readers.profile_id = customers.profile_id
where customers.profile_id is null
