with

accepted as (
    {{ union_staged('products', [
        'source_system', 'product_id', 'product_name', 'category', 'brand',
        'unit_price_amount', 'unit_cost_amount', 'currency', 'source_file'
    ]) }}
)

select
    source_system,
    product_id,
    product_name,
    category,
    brand,
    unit_price_amount,
    unit_cost_amount,
    currency,
    source_file
from accepted
