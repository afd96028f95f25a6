{{ config(
    materialized='incremental', unique_key=['profile_id'],
    meta={'reaches_through': ['refresh_period'], 'built_whole_above': 0.3}
) }}

{{ ranked_values('deciles') }}
