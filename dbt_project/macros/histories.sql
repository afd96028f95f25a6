{#-
    The rows of a history as the last run left them, as a query; nothing before the first one. A
    history does not follow from the sources, is only added to, and what it says is read by what is
    added to it. Always the published schema, also when a preview of another policy is built.
    Parameters: schema and table of the history; columns, their names and types.
-#}
{% macro as_last_run_left(schema, table, columns) -%}
    {%- set history = adapter.get_relation(
        database=target.database, schema=schema, identifier=table
    ) if execute else none -%}
    select
        {%- for name, type in columns.items() %}
        {% if history is none %}cast(null as {{ type }}) as {% endif %}{{ name }} {{- '' if loop.last else ',' }}
        {%- endfor %}
    {%- if history is not none %}
    from {{ history }}
    {%- else %}
    where false
    {%- endif %}
{%- endmacro %}

{#- The instant of this run, the same in all its models. -#}
{% macro run_instant() -%}
    {%- set instant = run_started_at.strftime("%Y-%m-%d %H:%M:%S.%f") if execute else "1970-01-01" -%}
    cast('{{ instant }}' as timestamp)
{%- endmacro %}
