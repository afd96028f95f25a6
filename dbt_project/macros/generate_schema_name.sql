{#-
    A layer's folder is its schema: no target prefix, so the names in the docs are the names in the
    warehouse. `c360 identity diff` and `c360 profile diff` build some layers (C360_SUFFIXED_SCHEMAS)
    a second time beside the published ones, under names with a suffix, and remove them again.
-#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- set schema = custom_schema_name if custom_schema_name is not none else target.schema -%}
    {%- set suffixed = env_var('C360_SUFFIXED_SCHEMAS', 'policy identity').split() -%}
    {{ schema ~ env_var('C360_SCHEMA_SUFFIX', '') if schema in suffixed else schema }}
{%- endmacro %}
