{#-
    The accepted rows of every staging model that feeds an entity (`vars.entity_sources`).
    Each branch lists the contract's columns, so a staging model with another column order is
    still right and one that lacks a column fails with its own name in the message. Columns in
    `optional` are null where the YAML of a staging model does not list them. With a `key`, a refresh
    takes the rows with reached keys only (see `part`). An entity that no source feeds has no rows.
    `table_as` names a column for the table of the source that a row comes from: what stands behind
    the two underscores in the name of its staging model.
-#}
{% macro union_staged(entity, columns, optional=[], key=none, table_as=none) -%}
    {%- set models = var('entity_sources')[entity] | default([]) %}
    {%- if not models %}
    select {{ (columns + optional + ([table_as] if table_as else [])) | join(', ') }}
    from (
        select
            {%- for name, column in columns_of_model(entity, 'conformed').items() %}
            cast(null as {{ column.data_type if column is mapping else column }}) as {{ name }},
            {%- endfor %}
            cast(null as string) as reject_reason
        where false
    ) as no_staged_rows
    {%- endif %}
    {%- for model in models %}
    {%- set said = columns_of_model(model) if optional else {} %}
    select
        {{ columns | join(',\n        ') }}
        {%- for column in optional %},
        {{ column if column in said else 'cast(null as string) as ' ~ column }}
        {%- endfor %}
        {%- if table_as %},
        '{{ model.split('__')[-1] }}' as {{ table_as }}
        {%- endif %}
    from {{ part(ref(model), key) if key else ref(model) }}
    where reject_reason is null
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
{%- endmacro %}

{#-
    The columns that the YAML of a model lists; none while dbt only parses. In unit tests dbt does not
    say, so there they are those of the table as it was last built.
-#}
{% macro columns_of_model(model, schema='staging') -%}
    {%- set found = namespace(columns={}) -%}
    {%- if execute and not graph -%}
        {%- set built = adapter.get_relation(
            database=target.database, schema=schema, identifier=model
        ) -%}
        {%- for column in adapter.get_columns_in_relation(built) if built -%}
            {%- do found.columns.update({column.name: column.dtype}) -%}
        {%- endfor -%}
    {%- elif execute -%}
        {%- for node in graph.nodes.values() if node.name == model and node.resource_type == 'model' -%}
            {%- set found.columns = node.columns -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(found.columns) }}
{%- endmacro %}
