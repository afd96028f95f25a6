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
    Given names as evidence: a subquery of text, first_word and second_word, in lower case, without
    accents and digits, ä as ae. Titles, ranks, ordinals and suffixes are no names (name_titles). A
    text that says what somebody is to others is none at all: child, resident (name_roles). `texts`
    is a relation with a column text, each text once.
-#}
{% macro spelled_given_names(texts) %}
    (
        with

        plain_texts as (
            select
                text,
                trim({{ regexp_replace_all(
                    regexp_replace_all(plain_words('text'), '[^\\p{L} ]', ''), ' +', ' '
                ) }}) as plain_text
            from {{ texts }}
        ),

        words as (
            select * from {{ words_with_positions('plain_texts', 'text', 'plain_text') }}
        ),

        texts_of_roles as (
            select words.text
            from words
            inner join {{ ref('name_roles') }} as name_roles
                on name_roles.word = words.word
            group by words.text
        ),

        -- Of a title that may be a name, a name is made where it stands alone.
        names as (
            select
                words.text,
                words.word,
                row_number() over (partition by words.text order by words.position) as place
            from words
            left join {{ ref('name_titles') }} as titles
                on titles.title = words.word
            left join texts_of_roles
                on texts_of_roles.text = words.text
            inner join plain_texts
                on plain_texts.text = words.text
            where
                words.word <> ''
                and texts_of_roles.text is null
                and (titles.title is null or (titles.may_be_name and plain_texts.plain_text = words.word))
        )

        select
            text,
            max(case when place = 1 then word end) as first_word,
            max(case when place = 2 then word end) as second_word
        from names
        group by text
    )
{% endmacro %}

{#-
    Family names as evidence: a subquery of text and letters, without titles and suffixes unless
    nothing else is left. `texts` is a relation with a column text, each text once.
-#}
{% macro spelled_family_names(texts) %}
    (
        select
            text,
            nullif({{ regexp_replace_all('plain_text', '[^\\p{L}]', '') }}, '') as letters
        from {{ normalise_titles(texts, left_out=true) }}
    )
{% endmacro %}

{#-
    Whether a listed word is a name where it stands: Null of Jenny Null. It is one where the list
    says that it may be and the other name is one, both written as names are; or where it is part
    of the e-mail address.
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
            or {{ email_names(email, value) }}
        )
    )
{%- endmacro %}

{#- Whether a word stands in an e-mail address before its @: null in jenny.null@example.com. -#}
{% macro email_names(email, word) -%}
    coalesce(
        contains(
            ' ' || {{ regexp_replace_all("split_part(lower(" ~ email ~ "), '@', 1)", '[^\\p{L}]+', ' ') }} || ' ',
            ' ' || lower(trim({{ word }})) || ' '
        ),
        false
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
                or {{ nearly_equal_names(one, other) }}
                or {{ names_are_swapped(a, b) }}
    end
{%- endmacro %}

{#- Whether two family names may be one, swapped with the given name or part of a double one. -#}
{% macro family_names_agree(a, b) -%}
    {%- set one, other = a ~ '.family_name', b ~ '.family_name' -%}
    case
        when {{ one }} is not null and {{ other }} is not null
            then {{ nearly_equal_names(one, other) }}
                or length({{ other }}) >= 4 and contains({{ one }}, {{ other }})
                or length({{ one }}) >= 4 and contains({{ other }}, {{ one }})
                or {{ names_are_swapped(a, b) }}
    end
{%- endmacro %}

{#- Whether given and family name of one stand in each other's place in the other. -#}
{% macro names_are_swapped(a, b) -%}
    coalesce(
        {{ nearly_equal_names(a ~ '.given_name', b ~ '.family_name') }}
        and {{ nearly_equal_names(b ~ '.given_name', a ~ '.family_name') }},
        false
    )
{%- endmacro %}

{#- Equal, or a typing error apart. -#}
{% macro nearly_equal_names(a, b) -%}
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
