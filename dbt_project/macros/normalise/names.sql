{#- Names of persons. Nicknames and titles are seeds: given_name_variants and name_titles. -#}

{#- A given name as evidence: the first word, in lower case, without accents, ä as ae. -#}
{% macro normalise_given_name(value) -%}
    {{ regexp_replace_all(
        to_ascii(umlauts_spelled_out('lower(trim(' ~ value ~ '))')), '[^a-z].*$', ''
    ) }}
{%- endmacro %}

{#- A given name under its formal name; `formal_name` comes from a join with given_name_variants. -#}
{% macro formal_given_name(value, formal_name) -%}
    coalesce({{ formal_name }}, {{ value }})
{%- endmacro %}

{#- The seed's nicknames as they are compared, each with its formal name: variant, given_name. -#}
{% macro formal_given_names() -%}
    select
        {{ normalise_given_name('variant') }} as variant,
        min({{ normalise_given_name('given_name') }}) as given_name
    from {{ ref('given_name_variants') }}
    group by {{ normalise_given_name('variant') }}
{%- endmacro %}

{#-
    A family name: lower case, without accents, ä as ae, letters only, so that `van den Berg`,
    `Van Den Berg` and `vandenberg` are one name and `Müller` is `Mueller`.
-#}
{% macro normalise_family_name(value) -%}
    {{ regexp_replace_all(
        to_ascii(umlauts_spelled_out('lower(' ~ value ~ ')')), '[^\\p{L}]', ''
    ) }}
{%- endmacro %}
