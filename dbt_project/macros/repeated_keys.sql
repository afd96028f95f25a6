{#-
    What a test of uniqueness looks at. Where a run names the test in C360_REFRESH, because it has
    passed and its model has been refreshed once since, only keys that the refresh put in can have
    become double. All rows otherwise.
    Parameters: relation, what is tested; columns, which together no two rows may share.
-#}
{% macro may_be_repeated(relation, columns) -%}
    {%- if not execute or relation is string or not _is_refreshed_test() -%}
        {{ return(relation) }}
    {%- endif -%}
    {%- set delta = changed(relation.identifier) -%}
    {%- set known = run_query(
        "select column_name from duckdb_columns() where schema_name || '.' || table_name = '" ~ delta ~ "'"
    ).columns[0].values() | list -%}
    {%- if columns | reject('in', known) | list -%}{{ return(relation) }}{%- endif -%}
    {%- set on = [] -%}
    {%- for column in columns -%}
        {%- do on.append('whole.' ~ column ~ ' is not distinct from put_in.' ~ column) -%}
    {%- endfor -%}
    (
        select * from {{ relation }} as whole
        semi join (select {{ columns | join(', ') }} from {{ delta }} where is_after) as put_in
            on {{ on | join(' and ') }}
    )
{%- endmacro %}

{#- Whether the test that is compiled is named; staging does not say which rows only moved. -#}
{% macro _is_refreshed_test() -%}
    {%- set refreshed, replayed = 'C360_REFRESH', 'C360_AS_OF' -%}
    {{ return(
        model.name in env_var(refreshed, '').split() and model.fqn[1] != 'staging'
        and env_var(replayed, '') == '' and not flags.FULL_REFRESH
    ) }}
{%- endmacro %}
