{{ config(materialized='incremental', unique_key=['profile_id']) }}

{#- Text columns of a profile; which of them are searched says the seed. -#}
{% set columns = [
    'given_name', 'middle_name', 'family_name', 'organisation_name', 'gender', 'email', 'phone', 'login',
    'loyalty_id', 'loyalty_tier', 'street', 'address_line_2', 'postal_code', 'city', 'state', 'country_code'
] %}

with

{% call reached() %}
    select profile_id from {{ changed('profiles') }}
    union all
    select profile_id from {{ changed('attribute_values') }}
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
            {{ column }} as text
        from profiles
        union all
    {%- endfor %}
    select
        profile_id,
        attribute,
        attribute_value as text
    from {{ part(ref('attribute_values'), ['profile_id']) }}
    where attribute_rank = 1
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
