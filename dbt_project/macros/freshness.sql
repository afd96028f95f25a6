{#-
    What `dbt source freshness` asks of a source table: its newest business instant. In the place of
    dbt's own macro, so that a run of the product and dbt by hand say the same.

    - `loaded_at_field` is a column of landing, or an expression over its columns. It is read as
      staging reads an instant, so a column of text is as good as a timestamp, and what is no
      instant does not count.
    - An instant further ahead than var `freshness_tolerance_minutes` does not count: one row dated
      next year would have a source that has stood still look fresh until then. What lies within
      that time may hide a standstill for no longer than that.
    - `filter` works as in dbt.
-#}
{% macro duckdb__collect_freshness(source, loaded_at_field, filter) %}
    {%- set text = 'cast((' ~ loaded_at_field ~ ') as ' ~ dbt.type_string() ~ ')' -%}
    {%- set utc_now = to_utc_timestamp(current_timestamp()) -%}
    {%- set tolerance = var('freshness_tolerance_minutes') | int -%}
    {% call statement('collect_freshness', fetch_result=True, auto_begin=False) -%}
        with instants as (
            select {{ as_instant(text) }} as instant
            from {{ source }}
            {% if filter %}where {{ filter }}{% endif %}
        )

        select
            max(instant) as max_loaded_at,
            {{ current_timestamp() }} as snapshotted_at
        from instants
        where instant <= {{ dbt.dateadd('minute', tolerance, utc_now) }}
    {%- endcall %}
    {{ return(load_result('collect_freshness')) }}
{% endmacro %}
