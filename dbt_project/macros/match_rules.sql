{#-
    What rules about pairs of records compare (seed record_match_rules): names as words, house and
    street as one key, and the comparisons themselves.
-#}

{#- Words of a name: lower case, without accents, ä as ae, O'Hare as one word, one blank between. -#}
{% macro name_words(value) -%}
    nullif({{ words_only(regexp_replace_all(
        to_ascii(umlauts_spelled_out('lower(' ~ value ~ ')')), '[\'\'’`´]', ''
    )) }}, '')
{%- endmacro %}

{#- The mark of a generation that ends a name, as the pattern of a blank and the mark. -#}
{% macro generation_pattern(with_first=false) -%}
    {{ return(' (jr|jnr|junior|sr|snr|senior|ii|iii|iv' ~ ('|i' if with_first else '') ~ ')$') }}
{%- endmacro %}

{#- The words of a name without the mark of a generation; `i` is one behind given names only. -#}
{% macro without_generation(words, with_first=false) -%}
    {{ regexp_replace_all(words, generation_pattern(with_first), '') }}
{%- endmacro %}

{#- The mark of a generation in one spelling; null without one. -#}
{% macro generation_of(words, with_first=false) -%}
    case
        when {{ regexp_matches(words, generation_pattern(with_first)) }}
            then case {{ regexp_replace_all(words, '^.* ', '') }}
                when 'junior' then 'jr'
                when 'jnr' then 'jr'
                when 'senior' then 'sr'
                when 'snr' then 'sr'
                else {{ regexp_replace_all(words, '^.* ', '') }}
            end
    end
{%- endmacro %}

{#-
    Number and first word of the name of a street, wherever they stand in a line: `23 ansbacher` of
    Ansbacher Straße 23, 40213 Düsseldorf and of 23 Ansbacher Street. Units and points of the
    compass are left out. Null where no number stands beside a word.
-#}
{% macro house_and_street(value) -%}
    {%- set unit = '#[0-9]+-[0-9]+|(suite|ste|apt|appt|apartment|unit|floor|flat) *#? *[0-9]+[a-z]?(,|$| )' -%}
    {%- set line = regexp_replace_all(
        regexp_replace_all(to_ascii(umlauts_spelled_out('lower(' ~ value ~ ')')), unit, ' '), '[.#]', ''
    ) -%}
    {%- set small = '(?:(?:n|s|e|w|north|south|east|west|rue|via|calle|avenida|place|boulevard|de|du|des|la|le|les) +)*' -%}
    {%- set before = '([0-9]+)[a-z]?,? +' ~ small ~ '([0-9]*[a-z]{2,})' -%}
    {%- set behind = '([a-z]{3,}) +(?:(?:str|strasse|street|st|weg|gasse) +)?([0-9]+)[a-z]? *(?:$|[,;])' -%}
    {%- set pattern = '^(?:.*?[^a-z0-9])??(?:' ~ before ~ '|' ~ behind ~ ').*$' -%}
    case
        when {{ regexp_matches(line, pattern) }}
            then {{ regexp_replace_all(
                regexp_replace_all(line, pattern, '\\1\\4 \\2\\3'), '(.{3})(strasse|str)$', '\\1'
            ) }}
    end
{%- endmacro %}

{#- A date written yyyymmdd, month and day in ascending order: the same whichever came first. -#}
{% macro date_in_any_order(value) -%}
    substr({{ value }}, 1, 4)
    || least(substr({{ value }}, 5, 2), substr({{ value }}, 7, 2))
    || greatest(substr({{ value }}, 5, 2), substr({{ value }}, 7, 2))
{%- endmacro %}

{#-
    Whether two values agree in the way that a condition asks for: the comparisons of
    record_match_rules. `a` and `b` are rows of rule_values, `condition` one of the seed. Null where
    one of them is missing.
-#}
{% macro values_agree(a, b, condition) -%}
    case {{ condition }}.comparison
        when 'shared' then {{ a }}.value = {{ b }}.value
        when 'equal' then {{ a }}.value = {{ b }}.value
        when 'shared_date'
            then {{ date_in_any_order(a ~ '.value') }} = {{ date_in_any_order(b ~ '.value') }}
        when 'similar'
            then {{ name_similarity(a ~ '.value', b ~ '.value') }} >= {{ condition }}.threshold
        when 'edits' then {{ edit_distance(a ~ '.value', b ~ '.value') }} <= {{ condition }}.threshold
        when 'words' then {{ words_agree(a ~ '.words', b ~ '.words', condition ~ '.field') }}
        -- Whether they contradict each other is asked of two values that are given.
        else
            {{ a }}.value = {{ b }}.value
            or coalesce({{ words_agree(a ~ '.words', b ~ '.words', condition ~ '.field') }}, false)
            or (
                {{ condition }}.field = 'birth_date'
                and {{ edit_distance(
                    date_in_any_order(a ~ '.value'), date_in_any_order(b ~ '.value')
                ) }} <= 1
            )
    end
{%- endmacro %}

{#- Jaro-Winkler similarity of two texts, 0 to 1. -#}
{% macro name_similarity(a, b) -%}{{ return(adapter.dispatch('name_similarity')(a, b)) }}{%- endmacro %}
{% macro duckdb__name_similarity(a, b) -%}jaro_winkler_similarity({{ a }}, {{ b }}){%- endmacro %}

{#- Letters to insert, remove, replace or swap with their neighbour (Damerau and Levenshtein). -#}
{% macro edit_distance(a, b) -%}{{ return(adapter.dispatch('edit_distance')(a, b)) }}{%- endmacro %}
{% macro duckdb__edit_distance(a, b) -%}damerau_levenshtein({{ a }}, {{ b }}){%- endmacro %}

{#-
    Whether the words of the shorter of two names all stand in the other, in any order. A word is
    `spelling/formal name`; either agrees. What is left of the shorter one then may be initials of
    what is left of the other. A single word of a whole name says too little, unless it is all of
    both names.
-#}
{% macro words_agree(a, b, field) -%}
    {{ return(adapter.dispatch('words_agree')(a, b, field)) }}
{%- endmacro %}
{% macro duckdb__words_agree(a, b, field) -%}
    {%- set few = 'case when ' ~ word_count(a) ~ ' <= ' ~ word_count(b) ~ ' then ' ~ a ~ ' else ' ~ b ~ ' end' -%}
    {%- set many = 'case when ' ~ word_count(a) ~ ' <= ' ~ word_count(b) ~ ' then ' ~ b ~ ' else ' ~ a ~ ' end' -%}
    (
        (
            {{ field }} not in ('name', 'organisation_name')
            or least({{ word_count(a) }}, {{ word_count(b) }}) > 1
            or {{ word_count(a) }} = {{ word_count(b) }}
        )
        and len(list_filter(
            {{ duckdb__words_without(few, many) }},
            lambda few_left: not coalesce(list_bool_or(list_transform(
                {{ duckdb__words_without(many, few) }},
                lambda many_left:
                    (length(split_part(few_left, '/', 1)) = 1 or length(split_part(many_left, '/', 1)) = 1)
                    and (
                        left(few_left, 1) = left(many_left, 1)
                        or left(split_part(few_left, '/', 2), 1) = left(many_left, 1)
                        or left(few_left, 1) = left(split_part(many_left, '/', 2), 1)
                    )
            )), false)
        )) = 0
    )
{%- endmacro %}
{% macro word_count(words) -%}(length({{ words }}) - length(replace({{ words }}, ' ', '')) + 1){%- endmacro %}
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
