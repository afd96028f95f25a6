{#- Names of persons. Nicknames and titles are seeds: given_name_variants and name_titles. -#}

{#- A given name as evidence: the first word, in lower case, without accents, ä as ae. -#}
{% macro normalise_given_name(value) -%}
    {{ regexp_replace_all(
        to_ascii(umlauts_spelled_out('lower(trim(' ~ value ~ '))')), '[^a-z].*$', ''
    ) }}
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
    Whether a listed word is a name where it stands: Null of Jenny Null. It is one where the list
    says that it may be and the other name is one, both written as names are; or where it stands in
    the e-mail address before its @: jenny.null@example.com.
    Parameters: listed, a row of blocked_identity_values; value, the word as written; other_name and
    other_listed, the same of the other name; email.
-#}
{% macro is_name_after_all(listed, value, other_name, other_listed, email) -%}
    (
        {{ listed }}.reason = 'may_be_name'
        and (
            (
                {{ other_listed }}.value is null
                and {{ regexp_matches('trim(' ~ value ~ ')', '^\\p{Lu}\\p{Ll}*$') }}
                and {{ regexp_matches('trim(' ~ other_name ~ ')', '^\\p{Lu}\\p{Ll}') }}
            )
            or coalesce(
                contains(
                    ' ' || {{ regexp_replace_all("split_part(lower(" ~ email ~ "), '@', 1)", '[^\\p{L}]+', ' ') }} || ' ',
                    ' ' || lower(trim({{ value }})) || ' '
                ),
                false
            )
        )
    )
{%- endmacro %}
