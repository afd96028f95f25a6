{{ config(materialized='connected_components') }}

select
    node_a,
    node_b
from {{ ref('replayed_links') }}
