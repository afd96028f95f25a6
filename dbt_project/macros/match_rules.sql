{#-
    What rules about pairs of records compare (seed record_match_rules): names as words.
-#}

{#- Lower case, without accents, ä as ae; the macros below take texts that are written so. -#}
{% macro plain_letters(value) -%}
    {{ to_ascii(umlauts_spelled_out('lower(' ~ value ~ ')')) }}
{%- endmacro %}

{#- Words of a name in plain letters: O'Hare as one word, one blank between two. -#}
{% macro name_words(plain) -%}
    nullif({{ words_only(regexp_replace_all(plain, '[\'\'’`´]', '')) }}, '')
{%- endmacro %}

{#- How many words a text has, one blank between two. -#}
{% macro word_count(words) -%}
    (length({{ words }}) - length(replace({{ words }}, ' ', '')) + 1)
{%- endmacro %}

{#-
    The words of a name that another one has not, as an array. A word is `spelling/formal name`;
    either agrees.
-#}
{% macro words_without(words, others) -%}
    {{ return(adapter.dispatch('words_without')(words, others)) }}
{%- endmacro %}
{% macro duckdb__words_without(words, others) -%}
    list_filter(
        string_split({{ words }}, ' '),
        lambda word: not list_bool_or(list_transform(
            string_split({{ others }}, ' '),
            lambda other:
                split_part(word, '/', 1) = split_part(other, '/', 1)
                or split_part(word, '/', 2) = split_part(other, '/', 2)
        ))
    )
{%- endmacro %}

{#- Whether each of some words is an initial of one of others, or the other of it. -#}
{% macro initials_agree(words, others) -%}
    {{ return(adapter.dispatch('initials_agree')(words, others)) }}
{%- endmacro %}
{% macro duckdb__initials_agree(words, others) -%}
    len(list_filter(
        {{ words }},
        lambda word: not coalesce(list_bool_or(list_transform(
            {{ others }},
            lambda other:
                (word like '_/%' or other like '_/%')
                and (
                    left(word, 1) = left(other, 1)
                    or left(split_part(word, '/', 2), 1) = left(other, 1)
                    or left(word, 1) = left(split_part(other, '/', 2), 1)
                )
        )), false)
    )) = 0
{%- endmacro %}
