-- The links that are left when one rule is left out, for every rule at once: each has nodes of its
-- own. Only components that more than one rule has made: of the others nothing would be left.
{{ config(materialized='connected_components', unique_key=['node_id']) }}

with

{% call reached() %}
    with

    linked_nodes as (
        select unnest([node_a, node_b]) as node_id from {{ changed('candidate_links') }}
        union
        select unnest([node_a, node_b]) as node_id from {{ changed('replayed_links') }}
    ),

    reached_nodes as (
        {{ components_of(ref('components'), 'select node_id from linked_nodes') }}
    ),

    rules as (
        select coalesce(namespace, link_kind) as rule from {{ ref('candidate_links') }}
        union
        select coalesce(namespace, link_kind) from {{ changed('candidate_links') }}
    )

    select
        {{ hash60("rules.rule || ' ' || cast(reached_nodes.node_id as string)") }} as node_id,
        reached_nodes.node_id as linked_node
    from reached_nodes
    cross join rules
{% endcall %}

links as (
    select
        links.node_a,
        links.node_b,
        coalesce(links.namespace, links.link_kind) as rule,
        components.component_id
    from {{ part(ref('links'), {'node_a': 'linked_node'}) }} as links
    inner join {{ part(ref('components'), {'node_id': 'linked_node'}) }} as components
        on components.node_id = links.node_a
),

rules_of_components as (
    select
        component_id,
        rule
    from links
    group by component_id, rule
)

select
    {{ hash60("left_out.rule || ' ' || cast(links.node_a as string)") }} as node_a,
    {{ hash60("left_out.rule || ' ' || cast(links.node_b as string)") }} as node_b
from links
inner join rules_of_components as left_out
    on left_out.component_id = links.component_id
where left_out.rule <> links.rule
