{{ config(materialized='view') }}

with

broken_nodes as (
    select components.node_id
    from {{ ref('candidate_components') }} as components
    inner join {{ ref('broken_components') }} as broken
        on broken.component_id = components.component_id
),

untouched as (
    select candidate_links.*
    from {{ ref('candidate_links') }} as candidate_links
    left join broken_nodes
        on broken_nodes.node_id = candidate_links.node_a
    where broken_nodes.node_id is null
)

select
    node_a,
    node_b,
    record_key_a,
    record_key_b,
    link_kind,
    namespace,
    comparison_value,
    match_probability,
    last_observed_at
from untouched
union all
select
    node_a,
    node_b,
    record_key_a,
    record_key_b,
    link_kind,
    namespace,
    comparison_value,
    match_probability,
    last_observed_at
from {{ ref('replayed_links') }}
