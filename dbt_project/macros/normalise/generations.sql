{#- Marks that tell father and son of one name apart. -#}

{#-
    The mark of a generation that ends a name, as the pattern of a blank and the mark. `i` is one
    behind given names only, sen and jun, which are given names themselves, behind family names only.
-#}
{% macro _generation_pattern(with_first=false) -%}
    {{ return(
        ' (jr|jnr|junior|fils|filho|sr|snr|senior|ii|iii|neto|iv|'
        ~ ('i' if with_first else 'sen|jun') ~ ')$'
    ) }}
{%- endmacro %}

{#- The words of a name without the mark of a generation. -#}
{% macro without_generation(words, with_first=false) -%}
    {{ regexp_replace_all(words, _generation_pattern(with_first), '') }}
{%- endmacro %}

{#- The mark of a generation in one spelling; null without one. -#}
{% macro generation_of(words, with_first=false) -%}
    case
        when {{ regexp_matches(words, _generation_pattern(with_first)) }}
            then case {{ regexp_replace_all(words, '^.* ', '') }}
                when 'junior' then 'jr'
                when 'jnr' then 'jr'
                when 'jun' then 'jr'
                when 'fils' then 'jr'
                when 'filho' then 'jr'
                when 'neto' then 'iii'
                when 'senior' then 'sr'
                when 'snr' then 'sr'
                when 'sen' then 'sr'
                else {{ regexp_replace_all(words, '^.* ', '') }}
            end
    end
{%- endmacro %}

{#- Which generation a name as written is marked as: 1 is Senior or I, 2 is Junior or II. -#}
{% macro generation_number(value, with_first=false) -%}
    case {{ generation_of(plain_words(value), with_first) }}
        when 'sr' then '1'
        when 'i' then '1'
        when 'jr' then '2'
        when 'ii' then '2'
        when 'iii' then '3'
        when 'iv' then '4'
    end
{%- endmacro %}
