{{ config(materialized='view') }}

with

deciles as (
    select
        profile_id,
        metric,
        category_type,
        category,
        look_back,
        decile
    from {{ ref('deciles') }}
),

profile_deciles as (
    select
        profile_id,
        metric,
        category_type,
        category,
        max(decile) filter (where look_back = '1') as decile_month_1,
        max(decile) filter (where look_back = '3') as decile_month_3,
        max(decile) filter (where look_back = '6') as decile_month_6,
        max(decile) filter (where look_back = '9') as decile_month_9,
        max(decile) filter (where look_back = '12') as decile_month_12,
        max(decile) filter (where look_back = 'lifetime') as decile_month_all
    from deciles
    group by profile_id, metric, category_type, category
)

select
    profile_id,
    category,
    decile_month_1,
    decile_month_3,
    decile_month_6,
    decile_month_9,
    decile_month_12,
    decile_month_all,
    metric,
    category_type
from profile_deciles
