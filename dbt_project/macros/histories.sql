{#-
    The rows of a history as the last run left them, as a query; nothing before the first one. A
    history does not follow from the sources, is only added to, and what it says is read by what is
    added to it. Always the published schema, also when a preview of another policy is built.
    Parameters: schema and table of the history; columns, their names and types, or what
    `columns_of_model` says. One that the table of an earlier version lacks is null.
-#}
{% macro as_last_run_left(schema, table, columns) -%}
    {%- set history = adapter.get_relation(
        database=target.database, schema=schema, identifier=table
    ) if execute else none -%}
    select {{ columns.keys() | join(', ') }}
    from (
        select
            {%- for name, type in columns.items() %}
            cast(null as {{ type.data_type if type is mapping else type }}) as {{ name }} {{- '' if loop.last else ',' }}
            {%- endfor %}
        where false
        {%- if history is not none %}
        union all by name
        select * from {{ history }}
        {%- endif %}
    ) as last_run
{%- endmacro %}

{#- The instant of this run, the same in all its models. -#}
{% macro run_instant() -%}
    {%- set instant = run_started_at.strftime("%Y-%m-%d %H:%M:%S.%f") if execute else "1970-01-01" -%}
    cast('{{ instant }}' as timestamp)
{%- endmacro %}
