{{ config(materialized='view') }}

select
    record_key,
    profile_id,
    valid_from,
    valid_to
from {{ ref('identity_map_history') }}
