{#- The rules of phone.sql one by one: expressions over digits and a row of calling_codes. -#}

{#- What is dialled after the call is answered, at the end of the text. -#}
{% macro phone_extension() -%}
    {%- set blank = '[ \\x{a0}\\t]*' -%}
    {%- set blank_or_comma = '[ \\x{a0}\\t,]*' -%}
    {%- set mark = '[:.．]?[ \\x{a0}\\t,-]*' -%}
    {%- set word = '(?:e?xt(?:ensi(?:o\\x{301}?|ó))?n?|ｅ?ｘｔｎ?|доб|anexo)' -%}
    {%- set sign = '(?:[xｘ#＃~～]|int|ｉｎｔ)' -%}
    {{- return(
        '(?i)(?:;ext=[0-9]{1,20}'
        ~ '|' ~ blank_or_comma ~ word ~ mark ~ '[0-9]{1,20}#?'
        ~ '|' ~ blank_or_comma ~ sign ~ mark ~ '[0-9]{1,9}#?'
        ~ '|[- ]+[0-9]{1,6}#'
        ~ '|' ~ blank ~ '(?:,,|;)' ~ mark ~ '[0-9]{1,15}#?'
        ~ '|' ~ blank ~ ',+' ~ mark ~ '[0-9]{1,9}#?)$'
    ) -}}
{%- endmacro %}

{#- Whether a number starts with its country's international prefix; most are plain digits, and cheap. -#}
{% macro starts_international(number, prefix) -%}
    case
        when length({{ prefix }}) <= 3
            then
                {{ number }} like {{ prefix }} || '%'
                and {{ number }} not like {{ prefix }} || '0%'
        when {{ regexp_matches_column(number, prefix) }}
            then {{ regexp_replace_column(number, prefix, "''") }} not like '0%'
    end
{%- endmacro %}

{#- Digits of the calling code that an international number starts with (ITU-T E.164). -#}
{% macro calling_code_length(digits) -%}
    case
        when substr({{ digits }}, 1, 1) in ('1', '7') then 1
        when
            substr({{ digits }}, 1, 2) in (
                '20', '27', '30', '31', '32', '33', '34', '36', '39', '40', '41', '43', '44', '45',
                '46', '47', '48', '49', '51', '52', '53', '54', '55', '56', '57', '58', '60', '61',
                '62', '63', '64', '65', '66', '81', '82', '84', '86', '90', '91', '92', '93', '94',
                '95', '98'
            )
            then 2
        else 3
    end
{%- endmacro %}

{#- Whether a number is as long as one of the lengths in a text such as `07 10`. -#}
{% macro has_length(number, lengths) -%}
    ' ' || {{ lengths }} || ' ' like '% ' || right('0' || cast(length({{ number }}) as string), 2) || ' %'
{%- endmacro %}

{#- Whether a number is one of its country by its digits; the pattern is looked at last, for its cost. -#}
{% macro is_number_of(number, country) -%}
    case
        when {{ has_length(number, country ~ ".number_lengths || ' ' || coalesce(" ~ country ~ ".local_lengths, '')") }}
            then {{ regexp_matches_column(number, "'(?:' || " ~ country ~ ".number_pattern || ')$'") }}
        else false
    end
{%- endmacro %}

{#-
    A national number without what is dialled before it inside the country. A number that is one
    with its first digits and none without them keeps them.
-#}
{% macro without_trunk_prefix(number, country) -%}
    {%- set without_digits -%}
        substr({{ number }}, length({{ country }}.trunk_prefix) + 1)
    {%- endset -%}
    {%- set rewritten = trunk_pattern_removed(number, country) -%}
    case
        when {{ country }}.trunk_prefix is not null
            then case
                when {{ number }} not like {{ country }}.trunk_prefix || '%' then {{ number }}
                when not {{ country }}.is_trunk_ambiguous then {{ without_digits }}
                when
                    {{ is_number_of(number, country) }}
                    and not {{ is_number_of(without_digits, country) }}
                    then {{ number }}
                else {{ without_digits }}
            end
        when {{ country }}.trunk_pattern is not null
            then case
                when not {{ regexp_matches_column(number, country ~ '.trunk_pattern') }} then {{ number }}
                when
                    {{ is_number_of(number, country) }}
                    and not {{ is_number_of(rewritten, country) }}
                    then {{ number }}
                else {{ rewritten }}
            end
        else {{ number }}
    end
{%- endmacro %}

{#- Some countries dial a local number where another one puts a prefix: trunk_replacement adds it. -#}
{% macro trunk_pattern_removed(number, country) -%}
    case
        when
            {{ country }}.trunk_replacement is not null
            and {{ regexp_replace_column(
                number, "'(?:' || " ~ country ~ ".trunk_pattern || ').*$'", 'right(' ~ country ~ '.trunk_replacement, 2)'
            ) }} <> ''
            then {{ regexp_replace_column(number, country ~ '.trunk_pattern', country ~ '.trunk_replacement') }}
        else {{ regexp_replace_column(number, country ~ '.trunk_pattern', "''") }}
    end
{%- endmacro %}

{#-
    An international number that has lost its plus, null when it is a national one: it starts with
    the calling code of its country, and is no number of it before the code is taken off but one
    after, or it is too long to be one.
-#}
{% macro number_after_calling_code(number, country) -%}
    {%- set rest = 'substr(' ~ number ~ ', length(' ~ country ~ '.calling_code) + 1)' -%}
    {%- set national = without_trunk_prefix(rest, country) -%}
    case
        when length({{ number }}) > cast(right({{ country }}.number_lengths, 2) as int)
            then {{ country }}.calling_code || {{ national }}
        when not {{ is_number_of(number, country) }}
            then case
                when {{ is_number_of(national, country) }}
                    then {{ country }}.calling_code || {{ national }}
            end
    end
{%- endmacro %}
