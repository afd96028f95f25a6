{{ config(materialized='view') }}

with

deciles_wide as (
    select * from {{ ref('deciles_wide') }}
)

select
    profile_id,
    metric,
    category_type,
    {{ map_of('category', 'decile_month_1') }} as decile_month_1,
    {{ map_of('category', 'decile_month_3') }} as decile_month_3,
    {{ map_of('category', 'decile_month_6') }} as decile_month_6,
    {{ map_of('category', 'decile_month_9') }} as decile_month_9,
    {{ map_of('category', 'decile_month_12') }} as decile_month_12,
    {{ map_of('category', 'decile_month_all') }} as decile_month_all
from deciles_wide
group by profile_id, metric, category_type
