{{ config(
    materialized='incremental', unique_key=['profile_id'], meta={'reaches_through': ['refresh_period']}
) }}

{{ ranked_values('deciles') }}
