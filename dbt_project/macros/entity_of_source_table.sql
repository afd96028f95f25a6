{#-
    The conformed entity that a source table feeds, read off `vars.entity_sources`: a staging model
    is named stg_<source system>__<source table>. A table that feeds none keeps its own name, and
    `row_conservation` shows its rows as lost.
-#}
{% macro entity_of_source_table(source_system, source_table) -%}
    case {{ source_system }} || '__' || {{ source_table }}
    {%- for entity, staging_models in var('entity_sources').items() %}
        {%- for staging_model in staging_models %}
        when '{{ staging_model[4:] }}' then '{{ entity }}'
        {%- endfor %}
    {%- endfor %}
        else {{ source_table }}
    end
{%- endmacro %}
