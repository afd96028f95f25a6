{#- What DuckDB and Spark say differently, dispatched, so that the models hold one text. -#}

{#- A 60-bit hash of a text, as bigint: graph algorithms need an order unrelated to the ids. -#}
{% macro hash60(expression) -%}{{ return(adapter.dispatch('hash60')(expression)) }}{%- endmacro %}
{% macro duckdb__hash60(expression) -%}
    cast('0x' || substr(md5({{ expression }}), 1, 15) as bigint)
{%- endmacro %}

{#- A number of 31 bits for a name, which stays while the name does; `segment_id` is made so, too. -#}
{% macro id_of(name) -%}{{ return(adapter.dispatch('id_of')(name)) }}{%- endmacro %}
{% macro duckdb__id_of(name) -%}
    cast(cast('0x' || substr(md5({{ name }}), 1, 8) as bigint) % 2147483648 as integer)
{%- endmacro %}

{#- A number for what columns hold together, as good as different for different rows. -#}
{% macro hash_of(columns) -%}{{ return(adapter.dispatch('hash_of')(columns)) }}{%- endmacro %}
{% macro duckdb__hash_of(columns) -%}hash({{ columns | join(', ') }}){%- endmacro %}

{#- A group's keys with their values as a map, by key; without a value none, null when empty. -#}
{% macro map_of(key, value) -%}{{ return(adapter.dispatch('map_of')(key, value)) }}{%- endmacro %}
{% macro duckdb__map_of(key, value) -%}
    map_from_entries(
        list({'key': {{ key }}, 'value': {{ value }}} order by {{ key }} asc nulls last)
        filter (where {{ value }} is not null)
    )
{%- endmacro %}

{#- The entries of a JSON text {name: value}, as a list of `key` and `value`. -#}
{% macro json_entries(json) -%}{{ return(adapter.dispatch('json_entries')(json)) }}{%- endmacro %}
{% macro duckdb__json_entries(json) -%}
    map_entries(cast(cast({{ json }} as json) as map(string, string)))
{%- endmacro %}

{#- A JSON text {name: value} with its values as letters and digits, null where there are none. -#}
{% macro json_in_letters_and_digits(json) -%}
    {{ return(adapter.dispatch('json_in_letters_and_digits')(json)) }}
{%- endmacro %}
{% macro duckdb__json_in_letters_and_digits(json) -%}
    cast(to_json(map_from_entries(list_transform(
        {{ json_entries(json) }},
        lambda said: {'key': said.key, 'value': {{ letters_and_digits('said.value') }}}
    ))) as string)
{%- endmacro %}

{#- The entries of such a text, as a list of `namespace` and `value`. -#}
{% macro identity_entries(json) -%}{{ return(adapter.dispatch('identity_entries')(json)) }}{%- endmacro %}
{% macro duckdb__identity_entries(json) -%}
    cast(cast({{ json }} as json) as struct(namespace string, value string)[])
{%- endmacro %}

{#- Replaces every match of a regular expression. -#}
{% macro regexp_replace_all(expression, pattern, replacement) -%}
    {{ return(adapter.dispatch('regexp_replace_all')(expression, pattern, replacement)) }}
{%- endmacro %}
{% macro duckdb__regexp_replace_all(expression, pattern, replacement) -%}
    regexp_replace({{ expression }}, '{{ pattern }}', '{{ replacement }}', 'g')
{%- endmacro %}

{#-
    A text as a UTC timestamp, null when it is none; a time zone in the text is honoured. ISO 8601
    allows a comma before the milliseconds, and programs write a blank before the offset.
-#}
{% macro to_utc_timestamp(expression) -%}
    {{ return(adapter.dispatch('to_utc_timestamp')(expression)) }}
{%- endmacro %}
{% macro duckdb__to_utc_timestamp(expression) -%}
    cast(coalesce(
        try_cast({{ expression }} as timestamp with time zone),
        try_cast(regexp_replace(regexp_replace(
            trim(cast({{ expression }} as string)), '(:[0-9]{2}),([0-9]+)', '\1.\2'
        ), '([0-9])\s+([+-][0-9]{2}):?([0-9]{2})$', '\1\2:\3') as timestamp with time zone)
    ) at time zone 'UTC' as timestamp)
{%- endmacro %}

{#- Whether a regular expression is found in a text. -#}
{% macro regexp_matches(expression, pattern) -%}
    {{ return(adapter.dispatch('regexp_matches')(expression, pattern)) }}
{%- endmacro %}
{% macro duckdb__regexp_matches(expression, pattern) -%}
    regexp_matches({{ expression }}, '{{ pattern }}')
{%- endmacro %}

{#- Whether a text starts with a match of the regular expression that a column holds. -#}
{% macro regexp_matches_column(expression, pattern) -%}
    {{ return(adapter.dispatch('regexp_matches_column')(expression, pattern)) }}
{%- endmacro %}
{% macro duckdb__regexp_matches_column(expression, pattern) -%}
    regexp_matches({{ expression }}, '^(?:' || {{ pattern }} || ')')
{%- endmacro %}

{#- Whether a text contains a match of the regular expression that a column holds. -#}
{% macro regexp_found_column(expression, pattern) -%}
    {{ return(adapter.dispatch('regexp_found_column')(expression, pattern)) }}
{%- endmacro %}
{% macro duckdb__regexp_found_column(expression, pattern) -%}
    regexp_matches({{ expression }}, {{ pattern }})
{%- endmacro %}

{#- Replaces the match at the start of a text by what a column says, `\1` being its first group. -#}
{% macro regexp_replace_column(expression, pattern, replacement) -%}
    {{ return(adapter.dispatch('regexp_replace_column')(expression, pattern, replacement)) }}
{%- endmacro %}
{% macro duckdb__regexp_replace_column(expression, pattern, replacement) -%}
    regexp_replace({{ expression }}, '^(?:' || {{ pattern }} || ')', {{ replacement }})
{%- endmacro %}

{#- A text without the accents of its letters. -#}
{% macro strip_accents(expression) -%}
    {{ return(adapter.dispatch('strip_accents')(expression)) }}
{%- endmacro %}
{% macro duckdb__strip_accents(expression) -%}
    strip_accents({{ expression }})
{%- endmacro %}

{#- A subquery of one row per blank-separated word of a text: the key, word and position from 1. -#}
{% macro words_with_positions(relation, key, text) -%}
    {{ return(adapter.dispatch('words_with_positions')(relation, key, text)) }}
{%- endmacro %}
{% macro duckdb__words_with_positions(relation, key, text) -%}
    (
        select
            {{ key }},
            unnest(string_split({{ text }}, ' ')) as word,
            generate_subscripts(string_split({{ text }}, ' '), 1) as position
        from {{ relation }}
    )
{%- endmacro %}

{#- Words of a group with one blank between them, in the order of their positions. -#}
{% macro joined_words(word, position) -%}
    {{ return(adapter.dispatch('joined_words')(word, position)) }}
{%- endmacro %}
{% macro duckdb__joined_words(word, position) -%}
    string_agg({{ word }}, ' ' order by {{ position }})
{%- endmacro %}

{#- Stops the query with a message when it is evaluated, so behind a `case` only. -#}
{% macro stop_with(message, type) -%}
    {{ return(adapter.dispatch('stop_with')(message, type)) }}
{%- endmacro %}
{% macro duckdb__stop_with(message, type) -%}
    cast(error({{ message }}) as {{ type }})
{%- endmacro %}

{#- Jaro-Winkler similarity of two texts, 0 to 1. -#}
{% macro name_similarity(a, b) -%}{{ return(adapter.dispatch('name_similarity')(a, b)) }}{%- endmacro %}
{% macro duckdb__name_similarity(a, b) -%}jaro_winkler_similarity({{ a }}, {{ b }}){%- endmacro %}

{#- Letters to insert, remove, replace or swap with their neighbour (Damerau and Levenshtein). -#}
{% macro edit_distance(a, b) -%}{{ return(adapter.dispatch('edit_distance')(a, b)) }}{%- endmacro %}
{% macro duckdb__edit_distance(a, b) -%}damerau_levenshtein({{ a }}, {{ b }}){%- endmacro %}
