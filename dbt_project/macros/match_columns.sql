{#-
    How names and addresses are written down before the records of one person are looked for by
    likeness. The stored value never changes.
-#}

{#-
    Lower case, without accents, ä as ae: for the letters of western Europe the same as to_ascii,
    which names its value too often to be put into itself.
-#}
{% macro without_accents(value) -%}
    translate(
        replace({{ umlauts_spelled_out(normalise_case('trim(' ~ value ~ ')')) }}, 'ß', 'ss'),
        'àáâåãçéèêëíìîïñóòôõøúùûýÿ', 'aaaaaceeeeiiiinooooouuuyy'
    )
{%- endmacro %}

{#- The letters of a text in any script, null when there is none. -#}
{% macro letters(value) -%}
    nullif({{ regexp_replace_all(without_accents(value), '[^\\p{L}]+', '') }}, '')
{%- endmacro %}

{#- Letters and digits in lower case, null when there is none. -#}
{% macro letters_and_digits(value) -%}
    nullif({{ regexp_replace_all(without_accents(value), '[^\\p{L}0-9]+', '') }}, '')
{%- endmacro %}

{#- A date written yyyymmdd, month and day in ascending order: the same whichever came first. -#}
{% macro date_in_any_order(value) -%}
    substr({{ value }}, 1, 4)
    || least(substr({{ value }}, 5, 2), substr({{ value }}, 7, 2))
    || greatest(substr({{ value }}, 5, 2), substr({{ value }}, 7, 2))
{%- endmacro %}

{#-
    How probable the first of two matches of one record is where it can't be both, or is neither:
    by the odds of each.
-#}
{% macro share_of_one(probability, other) -%}
    {{ probability }} / (1 + (1 - {{ probability }}) * {{ other }} / greatest(1 - {{ other }}, 0.000001))
{%- endmacro %}
