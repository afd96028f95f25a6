{#- What DuckDB and Spark say differently, dispatched, so that the models hold one text. -#}

{#- A 60-bit hash of a text, as bigint: graph algorithms need an order unrelated to the ids. -#}
{% macro hash60(expression) -%}{{ return(adapter.dispatch('hash60')(expression)) }}{%- endmacro %}
{% macro duckdb__hash60(expression) -%}
    cast('0x' || substr(md5({{ expression }}), 1, 15) as bigint)
{%- endmacro %}

{#- Replaces every match of a regular expression. -#}
{% macro regexp_replace_all(expression, pattern, replacement) -%}
    {{ return(adapter.dispatch('regexp_replace_all')(expression, pattern, replacement)) }}
{%- endmacro %}
{% macro duckdb__regexp_replace_all(expression, pattern, replacement) -%}
    regexp_replace({{ expression }}, '{{ pattern }}', '{{ replacement }}', 'g')
{%- endmacro %}

{#- A text as a UTC timestamp, null when it is none; a time zone in the text is honoured. -#}
{% macro to_utc_timestamp(expression) -%}
    {{ return(adapter.dispatch('to_utc_timestamp')(expression)) }}
{%- endmacro %}
{% macro duckdb__to_utc_timestamp(expression) -%}
    cast(try_cast({{ expression }} as timestamp with time zone) at time zone 'UTC' as timestamp)
{%- endmacro %}
