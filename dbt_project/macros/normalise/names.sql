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
            nullif({{ regexp_replace_all(
                without_generation('plain_text'), '[^\\p{L}]', ''
            ) }}, '') as letters
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
