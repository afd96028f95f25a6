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
