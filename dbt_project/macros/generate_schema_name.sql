{#-
    A layer's folder is its schema: no target prefix, so the names in the docs are the names in the
    warehouse. `c360 identity diff` builds policy and identity a second time beside the published
    ones, under names with a suffix, and removes them again.
-#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- set schema = custom_schema_name if custom_schema_name is not none else target.schema -%}
    {{ schema ~ env_var('C360_SCHEMA_SUFFIX', '') if schema in ('policy', 'identity') else schema }}
{%- endmacro %}
