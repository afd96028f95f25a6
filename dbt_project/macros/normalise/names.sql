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

{#-
    Whether the given names of two rows may be two spellings of one; null where one is missing. They
    may be swapped with the family names, an initial, cut off, or the second name of the other.
    Parameters: a and b, relations with given_name, formal_given_name, second_given_name and
    family_name.
-#}
{% macro given_names_agree(a, b) -%}
    {%- set one, other = a ~ '.given_name', b ~ '.given_name' -%}
    case
        when {{ one }} is not null and {{ other }} is not null
            then {{ a }}.formal_given_name = {{ b }}.formal_given_name
                or coalesce({{ one }} = {{ b }}.second_given_name, false)
                or coalesce({{ other }} = {{ a }}.second_given_name, false)
                or starts_with({{ one }}, {{ other }}) and length({{ other }}) <> 2
                or starts_with({{ other }}, {{ one }}) and length({{ one }}) <> 2
                or {{ _nearly_equal_names(one, other) }}
                or {{ _names_are_swapped(a, b) }}
    end
{%- endmacro %}

{#- Whether two family names may be one, swapped with the given name or part of a double one. -#}
{% macro family_names_agree(a, b) -%}
    {%- set one, other = a ~ '.family_name', b ~ '.family_name' -%}
    case
        when {{ one }} is not null and {{ other }} is not null
            then {{ _nearly_equal_names(one, other) }}
                or length({{ other }}) >= 4 and contains({{ one }}, {{ other }})
                or length({{ one }}) >= 4 and contains({{ other }}, {{ one }})
                or {{ _names_are_swapped(a, b) }}
    end
{%- endmacro %}

{#- Whether given and family name of one stand in each other's place in the other. -#}
{% macro _names_are_swapped(a, b) -%}
    coalesce(
        {{ _nearly_equal_names(a ~ '.given_name', b ~ '.family_name') }}
        and {{ _nearly_equal_names(b ~ '.given_name', a ~ '.family_name') }},
        false
    )
{%- endmacro %}

{#- Equal, or a typing error apart. -#}
{% macro _nearly_equal_names(a, b) -%}
    (
        {{ a }} = {{ b }}
        or {{ name_similarity(a, b) }} >= 0.92
        or (
            least(length({{ a }}), length({{ b }})) >= 4
            and {{ edit_distance(a, b) }} <= 1
        )
    )
{%- endmacro %}

{#- Whether two dates are equal, one digit apart, or day and month of one stand in the other order. -#}
{% macro birth_dates_agree(a, b, digits=1) -%}
    case
        when {{ a }} = {{ b }} then true
        when {{ a }} is not null and {{ b }} is not null
            then {{ edit_distance(
                date_in_any_order(regexp_replace_all('cast(' ~ a ~ ' as string)', '-', '')),
                date_in_any_order(regexp_replace_all('cast(' ~ b ~ ' as string)', '-', ''))
            ) }} <= {{ digits }}
    end
{%- endmacro %}
