{{ config(materialized='incremental', unique_key=['product_id']) }}

with

typed as (
    select
        'web_shop' as source_system,
        nullif(trim(product_id), '') as product_id,
        nullif(trim(product_name), '') as product_name,
        nullif(trim(category), '') as category,
        nullif(trim(brand), '') as brand,
        try_cast(unit_price as decimal(18, 2)) as unit_price_amount,
        try_cast(unit_cost as decimal(18, 2)) as unit_cost_amount,
        upper(nullif(trim(currency), '')) as currency,
        source_file,
        source_row,
        is_deleted
    from {{ landed(
        source('web_shop', 'products'),
        {'product_id': "nullif(trim(product_id), '')"}
    ) }}
),

checked as (
    select
        *,
        {{ first_fault([
            ('product_id is null', 'missing_key', 'product_id'),
        ]) }}
    from typed
),

judged as (
    {{ judge_versions('checked', key=['product_id'], newest_by='source_file') }}
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
    source_file,
    source_row,
    reject_reason,
    reject_column
from judged
