{#- Rules of telephone numbers: expressions over digits and a row of calling_codes. -#}

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
    with its first digits and none without them keeps them. Some countries dial a local number where
    another one puts a prefix: trunk_replacement adds it.
-#}
{% macro without_trunk_prefix(number, country) -%}
    {%- set without_digits -%}
        substr({{ number }}, length({{ country }}.trunk_prefix) + 1)
    {%- endset -%}
    {%- set rewritten -%}
        case
            when
                {{ country }}.trunk_replacement is not null
                and {{ regexp_replace_column(
                    number, "'(?:' || " ~ country ~ ".trunk_pattern || ').*$'", 'right(' ~ country ~ '.trunk_replacement, 2)'
                ) }} <> ''
                then {{ regexp_replace_column(number, country ~ '.trunk_pattern', country ~ '.trunk_replacement') }}
            else {{ regexp_replace_column(number, country ~ '.trunk_pattern', "''") }}
        end
    {%- endset -%}
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
