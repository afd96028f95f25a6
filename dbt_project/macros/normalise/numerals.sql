{#-
    Numerals: every way to write a digit or a small number as plain digits. Full-width and
    Arabic-Indic digits, superscripts, circled numbers and the Roman numeral signs. Letters that
    only look like a Roman numeral stay letters.
-#}
{% macro normalise_numerals(value) -%}
    {%- set glyphs = namespace(written='', plain='') -%}
    {%- for row in [
        '０１２３４５６７８９', '٠١٢٣٤٥٦٧٨٩', '۰۱۲۳۴۵۶۷۸۹', '०१२३४५६७८९', '⁰¹²³⁴⁵⁶⁷⁸⁹', '₀₁₂₃₄₅₆₇₈₉',
        '⓪①②③④⑤⑥⑦⑧⑨', '⓿❶❷❸❹❺❻❼❽❾', '⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲',
    ] -%}
        {%- set glyphs.written = glyphs.written ~ row -%}
        {%- set glyphs.plain = glyphs.plain ~ '0123456789' -%}
    {%- endfor -%}
    {%- for row in ['ⅠⅡⅢⅣⅤⅥⅦⅧⅨ', 'ⅰⅱⅲⅳⅴⅵⅶⅷⅸ'] -%}
        {%- set glyphs.written = glyphs.written ~ row -%}
        {%- set glyphs.plain = glyphs.plain ~ '123456789' -%}
    {%- endfor -%}
    {#- Of a number of two digits the first is put before the sign, which then stands for the last. -#}
    {%- set tens = regexp_replace_all(value, '([⑩-⑲ⅩⅪⅫⅹⅺⅻ❿])', '1\\1') -%}
    {%- set twenties = regexp_replace_all(tens, '(⑳)', '2\\1') -%}
    {%- set fifties = regexp_replace_all(twenties, '(Ⅼ)', '5\\1') -%}
    {%- set hundreds = regexp_replace_all(fifties, '(Ⅽ)', '10\\1') -%}
    {#- Almost no value needs it, so almost none is translated. -#}
    case
        when {{ regexp_matches(value, '[^\\x00-\\x7F]') }}
            then translate(
                {{ hundreds }},
                '{{ glyphs.written }}ⅩⅪⅫⅹⅺⅻ❿⑳ⅬⅭ',
                '{{ glyphs.plain }}0120120000'
            )
        else {{ value }}
    end
{%- endmacro %}
