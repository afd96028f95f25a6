{#- Kinds that look at whole words, over lists that are seeds: address words, company words, titles. -#}

{#- The text as the lists see it: lower case, ä as ae, no accents, plain digits, one blank between words. -#}
{% macro plain_words(value) -%}
    {{ words_only(to_ascii(umlauts_spelled_out('lower(' ~ normalise_numerals(value) ~ ')'))) }}
{%- endmacro %}

{#-
    Texts with their words replaced: a subquery of text and plain_text. `texts` is a relation with a
    column text, each text once; `list` a relation of word (as plain_words writes it), short_form
    (null: the word goes) and is_ending (true: also at the end of a longer word, whose longest
    listed ending counts). Where all words would go, they stay: a company may be called Co.
-#}
{% macro _words_replaced(texts, list) %}
    (
        with

        plain_texts as (
            select
                text,
                {{ plain_words('text') }} as plain_text
            from {{ texts }}
        ),

        words_of_texts as (
            select
                text,
                word,
                position
            from {{ words_with_positions('plain_texts', 'text', 'plain_text') }} as words
        ),

        -- Texts are many, words few: the list is searched once per word.
        vocabulary as (
            select distinct word
            from words_of_texts
        ),

        replacements as (
            select
                vocabulary.word,
                case
                    when listed.word = vocabulary.word then coalesce(listed.short_form, '')
                    else
                        substr(vocabulary.word, 1, length(vocabulary.word) - length(listed.word))
                        || ' ' || coalesce(listed.short_form, '')
                end as short_form
            from vocabulary
            inner join {{ list }} as listed
                on
                    listed.word = vocabulary.word
                    or (listed.is_ending and vocabulary.word like '%_' || listed.word)
            qualify
                row_number() over (
                    partition by vocabulary.word order by length(listed.word) desc nulls last, listed.word asc
                ) = 1
        ),

        rewritten as (
            select
                words_of_texts.text,
                {{ joined_words('coalesce(replacements.short_form, words_of_texts.word)', 'words_of_texts.position') }}
                    as plain_text
            from words_of_texts
            left join replacements
                on replacements.word = words_of_texts.word
            group by words_of_texts.text
        )

        select
            plain_texts.text,
            coalesce(
                nullif(trim({{ regexp_replace_all('rewritten.plain_text', ' +', ' ') }}), ''),
                plain_texts.plain_text
            ) as plain_text
        from plain_texts
        left join rewritten
            on rewritten.text = plain_texts.text
    )
{% endmacro %}

{#- The word lists as _words_replaced wants them: word, short_form, is_ending. -#}

{#- Address: common words of addresses under one short form. -#}
{% macro normalise_addresses(texts) -%}
    {{ _words_replaced(texts, ref('address_words')) }}
{%- endmacro %}

{#- Organisation: words that only say what kind of company it is are left out. -#}
{% macro normalise_organisations(texts) -%}
    {%- set list -%}
        (
            select
                word,
                cast(null as string) as short_form,
                false as is_ending
            from {{ ref('organisation_noise_words') }}
        )
    {%- endset -%}
    {{ _words_replaced(texts, list) }}
{%- endmacro %}

{#- Name: titles under one form, or left out. -#}
{% macro normalise_titles(texts, left_out=false) -%}
    {%- set list -%}
        (
            select
                title as word,
                {% if left_out %}cast(null as string){% else %}short_form{% endif %} as short_form,
                false as is_ending
            from {{ ref('name_titles') }}
        )
    {%- endset -%}
    {{ _words_replaced(texts, list) }}
{%- endmacro %}
