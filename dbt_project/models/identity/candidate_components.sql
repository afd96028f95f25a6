{{ config(materialized='connected_components') }}

select
    node_a,
    node_b
from {{ ref('candidate_links') }}
