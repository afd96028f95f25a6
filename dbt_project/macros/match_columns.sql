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

{#- The first number of a street line: 12 of "Main St 12 b". -#}
{% macro house_number(value) -%}
    nullif({{ regexp_replace_all(
        regexp_replace_all(value, '^[^0-9]*0*', ''), '[^0-9].*$', ''
    ) }}, '')
{%- endmacro %}

{#- The digits at the end of a telephone number that a caller from the same town dials. -#}
{% macro phone_end(value) -%}
    {%- set number = regexp_replace_all(value, '^[^0-9+]+', '') -%}
    {%- set digits = regexp_replace_all(
        regexp_replace_all(number, '[A-Za-z].*$', ''), '[^0-9]', ''
    ) -%}
    case when length({{ digits }}) >= 7 then substr({{ digits }}, length({{ digits }}) - 6) end
{%- endmacro %}

{#-
    Whether the part of an e-mail address before its @ consists of the two names or their initials
    and of nothing else: ann.lee, lee-ann, alee, ann. A number beside them says more than the name.
-#}
{% macro is_made_of_names(mailbox, given_name, family_name) -%}
    {%- set letters = regexp_replace_all(without_accents(mailbox), '[^\\p{L}0-9]+', '') -%}
    {%- set names = [
        given_name ~ ' || ' ~ family_name, family_name ~ ' || ' ~ given_name,
        'left(' ~ given_name ~ ', 1) || ' ~ family_name, family_name ~ ' || left(' ~ given_name ~ ', 1)',
        given_name ~ ' || left(' ~ family_name ~ ', 1)', given_name, family_name
    ] -%}
    coalesce(
        {%- for name in names %}
        coalesce({{ letters }} = {{ name }}, false) {{- '' if loop.last else ' or' }}
        {%- endfor %},
        false
    )
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
