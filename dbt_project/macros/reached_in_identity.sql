{#- Which rows of identity are reached by changed links: whole components, of before and of now. -#}

{#-
    The nodes of the components that changed links reach, as the model `this` had them before.
    A component that has lost a link had both ends of it; one that gains a link gains one between
    two that are reached.
    Parameter: changed_links, yields node_a and node_b.
-#}
{% macro nodes_reached_by(changed_links) -%}
    with

    touched as (
        select node_a as node_id from ({{ changed_links }}) as links
        union
        select node_b as node_id from ({{ changed_links }}) as links
    )

    select node_id from touched
    union
    select node_id
    from {{ this }}
    where component_id in (
        select component_id from {{ this }} semi join touched using (node_id)
    )
{%- endmacro %}

{#-
    The components, of before and of now, of nodes that are touched, each with its nodes of now. A
    node without links is a component of its own.
    Parameters: components, the model of them; touched, yields node_id.
-#}
{% macro components_of(components, touched) -%}
    with

    touched as (
        {{ touched }}
        union
        select node_id from {{ changed(components.identifier) }}
        union
        select component_id from {{ changed(components.identifier) }}
    ),

    touched_components as (
        select node_id as component_id from touched
        union
        select component_id from {{ components }} semi join touched using (node_id)
    )

    select component_id, component_id as node_id from touched_components
    union
    select component_id, node_id
    from {{ components }} semi join touched_components using (component_id)
{%- endmacro %}

{#- The values, namespace and normalised_value, of which other records speak than before. -#}
{% macro changed_candidates() -%}
    select namespace, normalised_value from {{ changed('normalised_values') }}
    union
    select namespace, normalised_value
    from {{ ref('normalised_values') }}
    semi join {{ changed('refused_on_sight') }} using (record_key, namespace)
    union
    select namespace, normalised_value from {{ changed('refused_as_outdated') }}
{%- endmacro %}

{#- What records show that identity accepts, as a query. Parameter: records, a CTE with their keys. -#}
{% macro accepted_identities(records) -%}
    select shown.*
    from {{ part(ref('comparison_values'), ['record_key'], of=records) }} as shown
    left join {{ part(ref('refused_in_replay'), ['record_key'], of=records) }} as refused
        on
            refused.record_key = shown.record_key
            and refused.namespace = shown.namespace
            and refused.comparison_value = shown.comparison_value
    where shown.refusal_reason is null and refused.record_key is null
{%- endmacro %}
