{#-
    dbt's own hook: the columns of a table under contract. Its keys are declared for those who read them,
    and are not made: an index is as much again as the table, and a table that another one refers to can't
    be swapped. tests/insights/assert_keys_hold.sql holds them.
-#}
{% macro duckdb__get_table_columns_and_constraints() -%}
    (
        {{ adapter.render_raw_columns_constraints(raw_columns=model['columns']) | join(', ') }}
    )
{%- endmacro %}
