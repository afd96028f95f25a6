{{ config(materialized='view') }}

{{ ranked_buckets('deciles', ref('decile_values'), ref('decile_places')) }}
