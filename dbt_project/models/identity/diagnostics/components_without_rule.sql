{{ config(materialized='connected_components') }}

-- The links that are left when one rule is left out, for every rule at once: each has nodes of its
-- own. Only components that more than one rule has made: of the others nothing would be left.
with

links as (
    select
        links.node_a,
        links.node_b,
        coalesce(links.namespace, links.link_kind) as rule,
        components.component_id
    from {{ ref('links') }} as links
    inner join {{ ref('components') }} as components
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
