{#- A layer's folder is its schema: no target prefix, so the names in the docs are the names in the warehouse. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name if custom_schema_name is not none else target.schema }}
{%- endmacro %}
