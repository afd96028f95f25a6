{{ config(materialized='incremental', unique_key=['source_system', 'product_id']) }}

with

{% call reached() %}
    {{ changed_staged('products', ['source_system', 'product_id']) }}
{% endcall %}

accepted as (
    {{ union_staged('products', [
        'source_system', 'product_id', 'product_name', 'category', 'brand',
        'unit_price_amount', 'unit_cost_amount', 'currency', 'source_file'
    ], key=['source_system', 'product_id']) }}
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
