{#-
    What rules about pairs of records compare (seed record_match_rules): names as words, house and
    street as one key, and the comparisons themselves.
-#}

{#- Lower case, without accents, ä as ae; the macros below take texts that are written so. -#}
{% macro plain_letters(value) -%}
    {{ to_ascii(umlauts_spelled_out('lower(' ~ value ~ ')')) }}
{%- endmacro %}

{#- Words of a name in plain letters: O'Hare as one word, one blank between two. -#}
{% macro name_words(plain) -%}
    nullif({{ words_only(regexp_replace_all(plain, '[\'\'’`´]', '')) }}, '')
{%- endmacro %}

{#-
    Number and first word of the name of a street, wherever they stand in a line in plain letters: `23 ansbacher` of
    Ansbacher Straße 23, 40213 Düsseldorf and of 23 Ansbacher Street, `12n main` of 12 North Main St,
    which is another house than 12 Main St. Units are left out. Null where no number stands beside a
    word.
-#}
{% macro house_and_street(plain) -%}
    {%- set unit = '#[0-9]+-[0-9]+|(suite|ste|apt|appt|apartment|unit|floor|flat) *#? *[0-9]+[a-z]?(,|$| )' -%}
    {%- set line = regexp_replace_all(regexp_replace_all(plain, unit, ' '), '[.#]', '') -%}
    {%- set small = '(?:(?:rue|via|calle|avenida|place|boulevard|de|du|des|la|le|les) +)*' -%}
    {%- set compass = '(?:(n|s|e|w)(?:orth|outh|ast|est)? +)?' -%}
    {%- set before = '([0-9]+)[a-z]?,? +' ~ compass ~ small ~ '([0-9]*[a-z]{2,})' -%}
    {%- set behind = '([a-z]{3,}) +(?:(?:str|strasse|street|st|weg|gasse) +)?([0-9]+)[a-z]? *(?:$|[,;])' -%}
    {%- set pattern = '^(?:.*?[^a-z0-9])??(?:' ~ before ~ '|' ~ behind ~ ').*$' -%}
    case
        when {{ regexp_matches(line, pattern) }}
            then {{ regexp_replace_all(
                regexp_replace_all(line, pattern, '\\1\\2\\5 \\3\\4'), '(.{3})(strasse|str)$', '\\1'
            ) }}
    end
{%- endmacro %}

{#-
    Whether two values agree in the way that a condition asks for: the comparisons of
    record_match_rules. `pair` has field, comparison, threshold, value_a, value_b and is_worded,
    which says whether the words of the two agree. Null where a value is missing.
-#}
{% macro values_agree(pair) -%}
    case {{ pair }}.comparison
        when 'shared' then {{ pair }}.value_a = {{ pair }}.value_b
        when 'equal' then {{ pair }}.value_a = {{ pair }}.value_b
        when 'shared_date'
            then {{ date_in_any_order(pair ~ '.value_a') }} = {{ date_in_any_order(pair ~ '.value_b') }}
        when 'similar'
            then {{ name_similarity(pair ~ '.value_a', pair ~ '.value_b') }} >= {{ pair }}.threshold
        when 'edits'
            then {{ edit_distance(pair ~ '.value_a', pair ~ '.value_b') }} <= {{ pair }}.threshold
        when 'words' then {{ pair }}.is_worded
        -- Whether they contradict each other is asked of two values that are given.
        else
            {{ pair }}.value_a = {{ pair }}.value_b
            or coalesce({{ pair }}.is_worded, false)
            or (
                {{ pair }}.field = 'birth_date'
                and {{ edit_distance(
                    date_in_any_order(pair ~ '.value_a'), date_in_any_order(pair ~ '.value_b')
                ) }} <= 1
            )
    end
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
