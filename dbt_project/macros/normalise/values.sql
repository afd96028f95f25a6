{#-
    How identity values are written down before they are compared. The stored value never changes.
    The promises are the tables of examples in tests/identity/assert_normalisation_examples.sql.
-#}

{#-
    An e-mail address: one Unicode form, lower case, no blanks; of `Ann Lee <ann@example.com>` what
    stands between the brackets, and of several addresses the first. `mailto:`, quotes and brackets
    around it and marks behind it are no part of it.
-#}
{% macro normalise_email(value) -%}
    {%- set bracketed = regexp_replace_all(
        'lower(' ~ one_unicode_form(value) ~ ')', '^[^<>]*<([^<>]*)>.*$', '\\1'
    ) -%}
    {%- set first = regexp_replace_all(
        bracketed, '^([^;,|/]*@[^;,|/\\s]*)[;,|/\\s].*@.*$', '\\1'
    ) -%}
    {%- set opening = '[\'\'"“”„‘’‚«»(\\x{5b}`]' -%}
    {{ regexp_replace_all(
        without_blanks(first),
        '^' ~ opening ~ '*(mailto:)?' ~ opening ~ '*|[\'\'"”“’‘»«)\\x{5d}.,:;`]*([?].*)?$', ''
    ) }}
{%- endmacro %}

{#- The addresses of a text behind its first one, as a list of `namespace` and `value`. -#}
{% macro further_addresses(value) -%}
    {{ return(adapter.dispatch('further_addresses')(value)) }}
{%- endmacro %}
{% macro duckdb__further_addresses(value) -%}
    list_transform(
        list_filter(
            string_split_regex({{ value }}, '[;,|/\s]+')[2:], lambda piece: contains(piece, '@')
        ),
        lambda piece: {'namespace': 'email', 'value': piece}
    )
{%- endmacro %}

{#- One e-mail address, as normalise_email writes it: a text that is none, or several, is not. -#}
{% macro is_email(value) -%}
    {%- set sign = '[^@.\\s,;:<>()"\\x{5b}\\x{5d}]' -%}
    {{ regexp_matches(
        value, '^' ~ sign ~ '([.]?' ~ sign ~ ')*@(' ~ sign ~ '+[.])+' ~ sign ~ '+$'
    ) }}
{%- endmacro %}

{#- A card or member number: upper case, letters and digits only. -#}
{% macro normalise_card_number(value) -%}
    {{ regexp_replace_all('upper(' ~ one_unicode_form(value) ~ ')', '[^0-9A-Z]', '') }}
{%- endmacro %}

{#- A name to sign in with: one Unicode form, lower case, no blanks and no quotes around it. -#}
{% macro normalise_login(value) -%}
    {{ regexp_replace_all(
        'lower(' ~ without_blanks(one_unicode_form(value)) ~ ')', '^[\'\'"“”„‘’‚«»<]+|[\'\'"“”’‘«»>]+$', ''
    ) }}
{%- endmacro %}
