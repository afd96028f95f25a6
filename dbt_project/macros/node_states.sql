{#-
    Before a model or seed is made by hand: what runs know of it is not true any more, so the next
    `c360 run` makes it again. Runs themselves keep their own account and set C360_REFRESH; a preview
    (C360_SCHEMA_SUFFIX) makes tables of its own.
-#}
{% macro _forget_node_state() -%}
    {%- set is_by_hand = env_var('C360_REFRESH', 'by hand') == 'by hand' -%}
    {%- if execute and is_by_hand and not env_var('C360_SCHEMA_SUFFIX', '') -%}
        {#- Not dbt's own question, which would begin the transaction of the model. -#}
        {%- set states = target.database ~ '.operations.node_states' -%}
        {%- set there = "select 1 from duckdb_tables() where schema_name = 'operations' "
            ~ "and table_name = 'node_states' and database_name = '" ~ target.database ~ "'" -%}
        {%- if run_query(there).rows | length -%}
            delete from {{ states }} where unique_id = '{{ model.unique_id }}'
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
