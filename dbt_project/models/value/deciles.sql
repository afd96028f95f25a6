{{ config(materialized='view') }}

select
    profile_id,
    metric,
    category_type,
    category,
    look_back,
    window_from,
    window_to,
    metric_value,
    bucket as decile,
    percentile,
    member_count,
    has_activity,
    is_small_category,
    as_of_on,
    tie_rule,
    is_held
from {{ ref('ranking_buckets') }}
where ranking = 'deciles'
