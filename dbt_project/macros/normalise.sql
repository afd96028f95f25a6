{#-
    How identity values are written down before they are compared. The stored value never changes.
    The promises are the table of examples in tests/identity/assert_normalisation_examples.sql.
-#}

{#- Without any blank, the invisible ones of copied text included (no-break, zero-width). -#}
{% macro without_blanks(value) -%}
    {{ regexp_replace_all(value, '[\\s\\x{00a0}\\x{200b}\\x{feff}]', '') }}
{%- endmacro %}

{#- An e-mail address: lower case, no blanks. -#}
{% macro normalise_email(value) -%}
    lower({{ without_blanks(value) }})
{%- endmacro %}

{#- A card or member number: upper case, letters and digits only. -#}
{% macro normalise_card_number(value) -%}
    {{ regexp_replace_all('upper(' ~ value ~ ')', '[^0-9A-Z]', '') }}
{%- endmacro %}

{#-
    What a phone number says: digits and a leading plus. What stands before the number, an extension
    introduced by a letter, and the "(0)" that is dialled only inside the country go first.
-#}
{% macro phone_digits(value) -%}
    {%- set number = regexp_replace_all(value, '^[^0-9+]+', '') -%}
    {%- set without_extension = regexp_replace_all(number, '[A-Za-z].*$', '') -%}
    {%- set without_trunk_note = regexp_replace_all(without_extension, '[(]0[)]', '') -%}
    {{ regexp_replace_all(without_trunk_note, '[^0-9+]', '') }}
{%- endmacro %}

{#-
    The digits of a phone number in E.164 (+491701234567), null when they cannot be: a national
    number needs the calling code of its country. Where national numbers have a trunk prefix, one
    that starts with the calling code instead is international and has lost its plus.
-#}
{% macro international_phone(digits, calling_code, trunk_prefix) -%}
    case
        when {{ digits }} like '+%' or {{ digits }} like '00%'
            then '+' || {{ regexp_replace_all(regexp_replace_all(digits, '^[+0]+', ''), '[+]', '') }}
        when {{ calling_code }} is null
            then cast(null as string)
        when {{ digits }} like {{ trunk_prefix }} || '%'
            then '+' || {{ calling_code }} || substr({{ digits }}, length({{ trunk_prefix }}) + 1)
        when {{ trunk_prefix }} is not null and {{ digits }} like {{ calling_code }} || '%'
            then '+' || {{ digits }}
        else '+' || {{ calling_code }} || {{ digits }}
    end
{%- endmacro %}

{#- A given name as evidence: the first word, in lower case, without accents, ä as ae. -#}
{% macro normalise_given_name(value) -%}
    {%- set spelled_out -%}
        replace(replace(replace(replace(lower(trim({{ value }})), 'ä', 'ae'), 'ö', 'oe'), 'ü', 'ue'), 'ß', 'ss')
    {%- endset -%}
    {{ regexp_replace_all(
        "translate(" ~ spelled_out ~ ", 'àáâåãçéèêëíìîïñóòôõøúùûýÿ', 'aaaaaceeeeiiiinooooouuuyy')",
        '[^a-z].*$', ''
    ) }}
{%- endmacro %}
