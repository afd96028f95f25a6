{{ config(materialized='incremental', unique_key=['profile_id']) }}

{#- Texts of a profile, and what is declared for lookup; which of them are searched says the seed. -#}
{% set columns = [
    'given_name', 'middle_name', 'family_name', 'organisation_name', 'gender', 'email', 'phone', 'login',
    'loyalty_id', 'loyalty_tier', 'street', 'address_line_2', 'postal_code', 'city', 'state', 'country_code'
] %}
{% for attribute in declared_attributes() if 'lookup' in attribute.consumers %}
    {%- do columns.append(attribute.name) %}
{%- endfor %}

with

{% call reached() %}
    select profile_id from {{ changed('profiles') }}
{% endcall %}

profiles as (
    select * from {{ part(ref('profiles'), ['profile_id']) }}
    where is_known
),

texts as (
    {%- for column in columns %}
        select
            profile_id,
            '{{ column }}' as attribute,
            cast({{ column }} as string) as text
        from profiles
        {%- if not loop.last %}
            union all
        {%- endif %}
    {%- endfor %}
),

-- Whoever types Müller finds Mueller and Müller, and whoever types Muller finds Müller.
spelled as (
    select
        texts.profile_id,
        texts.attribute,
        {{ plain_words('texts.text') }}
        || case
            when {{ regexp_matches('texts.text', '[^\\x00-\\x7F]') }}
                then ' ' || {{ plain_words(strip_accents('texts.text')) }}
            else ''
        end as words
    from texts
    semi join {{ ref('search_columns') }} as search_columns
        on search_columns.attribute = texts.attribute
    where texts.text is not null
)

select distinct
    words.word as term,
    words.profile_id,
    words.attribute
from {{ words_with_positions('spelled', 'profile_id, attribute', 'words') }} as words
where words.word <> ''
-- A search then reads the row groups only that its words can be in.
order by
    term,
    words.profile_id
