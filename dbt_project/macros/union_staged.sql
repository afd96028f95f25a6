{#-
    The accepted rows of every staging model that feeds an entity (`vars.entity_sources`).
    Each branch lists the contract's columns, so a staging model with another column order is
    still right and one that lacks a column fails with its own name in the message.
-#}
{% macro union_staged(entity, columns) -%}
    {%- for model in var('entity_sources')[entity] %}
    select
        {{ columns | join(',\n        ') }}
    from {{ ref(model) }}
    where reject_reason is null
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
{%- endmacro %}
