{#-
    Before a model or seed is made by hand: what runs know of it is not true any more, so the next
    `c360 run` makes it again. Runs themselves keep their own account and set C360_REFRESH.
-#}
{% macro forget_node_state() -%}
    {%- if execute and env_var('C360_REFRESH', 'by hand') == 'by hand' -%}
        {%- set states = adapter.get_relation(
            database=target.database, schema='operations', identifier='node_states'
        ) -%}
        {%- if states is not none -%}
            delete from {{ states }} where unique_id = '{{ model.unique_id }}'
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
