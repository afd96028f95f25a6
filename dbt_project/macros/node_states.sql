{#-
    Before a model or seed is made by hand: what runs know of it is not true any more, so the next
    `c360 run` makes it again. Runs themselves keep their own account and set C360_REFRESH; a preview
    (C360_SCHEMA_SUFFIX) makes tables of its own.
-#}
{% macro forget_node_state() -%}
    {%- set is_by_hand = env_var('C360_REFRESH', 'by hand') == 'by hand' -%}
    {%- if execute and is_by_hand and not env_var('C360_SCHEMA_SUFFIX', '') -%}
        {%- set states = adapter.get_relation(
            database=target.database, schema='operations', identifier='node_states'
        ) -%}
        {%- if states is not none -%}
            delete from {{ states }} where unique_id = '{{ model.unique_id }}'
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
