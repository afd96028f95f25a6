{#-
    dbt-duckdb's own macro of this name leaves behind, in the warehouse, the table of rows with which
    a model in Python is refreshed. Here it is a temporary one of the model's connection, as it is for
    models in SQL; so the model has to return a relation of its session, and no Arrow table.
-#}
{% macro py_write_table(temporary, relation, compiled_code, partitioned_by=none, sorted_by=none) -%}
{{ compiled_code }}

def materialize(df, con):
    con.register('rows_of_python_model', df)
    con.execute('create {{ "temp" if temporary }} table {{ relation }} as from rows_of_python_model')
    con.unregister('rows_of_python_model')
{% endmacro %}
