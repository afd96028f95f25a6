{#-
    The conformed entity that a source table feeds, read off `vars.entity_sources`: a staging model
    is named stg_<source system>__<source table>. A table that feeds none keeps its own name, and
    `row_conservation` shows its rows as lost.
-#}
{% macro entity_of_source_table(source_system, source_table) -%}
    coalesce(
        {% for entity in var('entity_sources') %}{% for staging_model in var('entity_sources')[entity] %}
            case
                when {{ source_system }} || '__' || {{ source_table }} = '{{ staging_model[4:] }}'
                    then '{{ entity }}'
            end,
        {% endfor %}{% endfor %}{{ source_table }}
    )
{%- endmacro %}
