{#-
    Materialises `node_id, component_id` from a model whose body yields undirected edges
    `node_a, node_b` (bigint hashes, see hash60). component_id is the smallest node of the component.
    A node without any edge to another one is not in the table.

    Contraction: every node points at its smallest neighbour, pointers jump twice, edges are
    rewritten to their representatives, until none is left; then the rounds' pointers are composed
    from the last to the first. It ends, because a round removes every node that has a smaller
    neighbour. It is exact, because a pointer never leaves its component, and the smallest node of
    a component points at itself in every round. The hashed order is needed for speed: on a path
    with sequential ids a round removes about four nodes only; 60 rounds are then not enough.

    In a refresh the body yields the edges of the components that are reached (`nodes_reached_by`),
    and their rows are replaced.
-#}
{% materialization connected_components, adapter='duckdb' %}
    {%- set existing_relation = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set max_rounds = config.get('max_rounds', 60) -%}
    {%- set work = 'components_of_' ~ this.identifier -%}
    {%- set edges = work ~ '_edges' -%}
    {%- set pointers = work ~ '_pointers' -%}
    {%- set labels = work ~ '_labels' -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {% do components_step(edges ~ 0,
        "select distinct least(node_a, node_b) as a, greatest(node_a, node_b) as b
        from (" ~ compiled_code ~ ") as links where node_a <> node_b") %}

    {%- set state = namespace(round=0, left=components_count(edges ~ 0)) -%}
    {% for _ in range(max_rounds) if state.left > 0 %}
        {%- set before = edges ~ state.round -%}
        {%- set state.round = state.round + 1 -%}
        {%- set moves = work ~ '_moves' ~ state.round -%}
        {% do components_step(pointers,
            "select node, least(node, min(neighbour)) as target
            from (
                select a as node, b as neighbour from " ~ before ~ "
                union all
                select b as node, a as neighbour from " ~ before ~ "
            ) as both_ways
            group by node") %}
        {% do components_step(moves,
            "with jumped_once as (
                select here.node, there.target
                from " ~ pointers ~ " as here
                inner join " ~ pointers ~ " as there on there.node = here.target
            )
            select here.node, there.target
            from jumped_once as here
            inner join jumped_once as there on there.node = here.target") %}
        {% do components_step(edges ~ state.round,
            "select distinct least(x.target, y.target) as a, greatest(x.target, y.target) as b
            from " ~ before ~ " as links
            inner join " ~ moves ~ " as x on x.node = links.a
            inner join " ~ moves ~ " as y on y.node = links.b
            where x.target <> y.target") %}
        {%- set state.left = components_count(edges ~ state.round) -%}
    {% endfor %}
    {% if state.left > 0 %}
        {% do exceptions.raise_compiler_error(
            this.identifier ~ ": " ~ state.left ~ " links are left after " ~ max_rounds ~ " rounds. "
            ~ "The nodes must be hashes (hash60), not numbers in the order of the links.") %}
    {% endif %}

    {#- The last round's targets are final; each earlier round looks its targets up in the later ones. -#}
    {% do components_step(labels,
        "select cast(null as bigint) as node, cast(null as bigint) as target where false") %}
    {% for round in range(state.round, 0, -1) %}
        {% do components_step(labels,
            "select moves.node, coalesce(labels.target, moves.target) as target
            from " ~ work ~ "_moves" ~ round ~ " as moves
            left join " ~ labels ~ " as labels on labels.node = moves.target") %}
    {% endfor %}

    {% if existing_relation is not none and not existing_relation.is_table %}
        {% do adapter.drop_relation(existing_relation) %}
    {% endif %}
    {%- set components = 'select node as node_id, target as component_id from ' ~ labels -%}
    {% call statement('main') -%}
        {%- if is_refreshed() -%}
            {{ get_incremental_reached_sql({
                'target_relation': target_relation,
                'temp_relation': '(' ~ components ~ ')',
                'unique_key': config.get('unique_key'),
                'dest_columns': adapter.get_columns_in_relation(existing_relation),
            }) }}
        {%- else -%}
            create or replace table {{ target_relation }} as {{ components }}
        {%- endif -%}
    {%- endcall %}

    {% do run_query("drop table " ~ labels) %}
    {% do run_query("drop table if exists " ~ pointers) %}
    {% for round in range(state.round + 1) %}
        {% do run_query("drop table " ~ edges ~ round) %}
        {% do run_query("drop table if exists " ~ work ~ "_moves" ~ round) %}
    {% endfor %}

    {% do persist_docs(target_relation, model) %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do adapter.commit() %}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{#- One intermediate result. Temporary, so it spills beside the warehouse and not into it. -#}
{% macro components_step(name, select_statement) -%}
    {% do run_query("create or replace temp table " ~ name ~ " as " ~ select_statement) %}
{%- endmacro %}

{% macro components_count(name) -%}
    {{ return(run_query("select count(*) from " ~ name).columns[0].values()[0] | int) }}
{%- endmacro %}
