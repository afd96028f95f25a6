{#-
    How identity values are written down before they are compared. The stored value never changes.
    The promises are the tables of examples in tests/identity/assert_normalisation_examples.sql.
-#}

{#-
    An e-mail address: lower case, no blanks; of `Ann Lee <ann@example.com>` what stands between the
    brackets.
-#}
{% macro normalise_email(value) -%}
    lower({{ without_blanks(regexp_replace_all(value, '^[^<>]*<([^<>]*)>[^<>]*$', '\\1')) }})
{%- endmacro %}

{#- A card or member number: upper case, letters and digits only. -#}
{% macro normalise_card_number(value) -%}
    {{ regexp_replace_all('upper(' ~ value ~ ')', '[^0-9A-Z]', '') }}
{%- endmacro %}
