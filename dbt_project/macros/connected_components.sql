{#-
    Materialises `node_id, component_id` from a model whose body yields undirected edges
    `node_a, node_b` (bigint hashes, see hash60), by `contract`, which says why it ends and is exact.
    component_id is the smallest node of the component.
    A node without any edge to another one is not in the table.

    In a refresh the body yields the edges of the components that are reached (`nodes_reached_by`),
    and their rows are replaced.
-#}
{% materialization connected_components, adapter='duckdb' %}
    {%- set existing_relation = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set work = 'components_of_' ~ this.identifier -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {% do _contract(compiled_code, work, config.get('max_rounds', 60)) %}

    {% if existing_relation is not none and not existing_relation.is_table %}
        {% do adapter.drop_relation(existing_relation) %}
    {% endif %}
    {%- set components = 'select node as node_id, target as component_id from ' ~ work ~ '_labels' -%}
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

    {% do run_query("drop table " ~ work ~ "_labels") %}

    {% do persist_docs(target_relation, model) %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do adapter.commit() %}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
