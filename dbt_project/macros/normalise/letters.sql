{#- Kinds that change letters and signs one by one. Each is one rule; a comparison combines them. -#}

{#- Lower case. -#}
{% macro normalise_case(value) -%}
    lower({{ value }})
{%- endmacro %}

{#-
    One Unicode form: composed letters, and letters and signs of full width as plain ones, so that
    what looks alike is equal.
-#}
{% macro one_unicode_form(value) -%}
    case
        when {{ regexp_matches(value, '[^\\x00-\\x7F]') }}
            then translate(
                nfc_normalize({{ value }}),
                '！＂＃＄％＆＇（）＊＋，－．／０１２３４５６７８９：；＜＝＞？＠ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ［＼］＾＿｀ａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ｛｜｝～　',
                '!"#$%&''()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\]^_`abcdefghijklmnopqrstuvwxyz{|}~ '
            )
        else {{ value }}
    end
{%- endmacro %}

{#- Whitespace: without any blank, the invisible ones of copied text included (no-break, zero-width). -#}
{% macro without_blanks(value) -%}
    {{ regexp_replace_all(value, '[\\s\\p{Z}\\x{200b}\\x{2060}\\x{feff}]', '') }}
{%- endmacro %}

{#- Symbols: letters and digits stay, with the accents that are signs of their own; nothing else. -#}
{% macro without_symbols(value) -%}
    {{ regexp_replace_all(value, '[^\\p{L}\\p{N}\\p{M}]', '') }}
{%- endmacro %}

{#- Symbols as blanks, one between two words: for rules that look at words. -#}
{% macro words_only(value) -%}
    trim({{ regexp_replace_all(value, '[^\\p{L}\\p{N}\\p{M}]+', ' ') }})
{%- endmacro %}

{#-
    Unicode to ASCII: accented and decorated letters as their base letters, letters that are two as
    two. What has no Latin base letter stays as it is.
-#}
{% macro to_ascii(value) -%}
    {%- set letters = namespace(text="translate(" ~ strip_accents(value) ~ ", 'øØłŁđĐðÐħĦıŧŦ', 'oOlLdDdDhHitT')") -%}
    {%- for letter, base in [('ß', 'ss'), ('ẞ', 'SS'), ('æ', 'ae'), ('Æ', 'AE'), ('œ', 'oe'), ('Œ', 'OE'), ('þ', 'th'), ('Þ', 'TH')] -%}
        {%- set letters.text = "replace(" ~ letters.text ~ ", '" ~ letter ~ "', '" ~ base ~ "')" -%}
    {%- endfor -%}
    case when {{ regexp_matches(value, '[^\\x00-\\x7F]') }} then {{ letters.text }} else {{ value }} end
{%- endmacro %}

{#- Lower-case German umlauts as they are spelled on a keyboard without them; comes before to_ascii. -#}
{% macro umlauts_spelled_out(value) -%}
    replace(replace(replace({{ value }}, 'ä', 'ae'), 'ö', 'oe'), 'ü', 'ue')
{%- endmacro %}

{#- Alias mapping: a value under the one that a list says is the same; `same_as` comes from a join. -#}
{% macro alias_or_self(value, same_as) -%}
    coalesce({{ same_as }}, {{ value }})
{%- endmacro %}
