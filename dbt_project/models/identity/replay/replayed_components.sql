{{ config(materialized='connected_components', unique_key=['node_id']) }}

with

{% call reached() %}
    {{ nodes_reached_by('select node_a, node_b from ' ~ changed('replayed_links')) }}
{% endcall %}

links as (
    select
        node_a,
        node_b
    from {{ part(ref('replayed_links'), {'node_a': 'node_id'}) }}
)

select
    node_a,
    node_b
from links
