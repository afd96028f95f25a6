{{ config(materialized='connected_components', unique_key=['node_id']) }}

with

{% call reached() %}
    {{ nodes_reached_by('select node_a, node_b from ' ~ changed('candidate_links')) }}
{% endcall %}

links as (
    select
        node_a,
        node_b
    from {{ part(ref('candidate_links'), {'node_a': 'node_id'}) }}
)

select
    node_a,
    node_b
from links
