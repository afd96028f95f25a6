with

fields as (
    select field
    from {{ ref('record_match_rules') }}
    where effect in ('link', 'never')
    group by field
),

-- Without rules nothing is written down.
customer_records as (
    select * from {{ ref('customer_records') }}
    where exists (select 1 from fields)
),

match_records as (
    select * from {{ ref('match_records') }}
    where exists (select 1 from fields)
),

given_name_variants as (
    {{ formal_given_names() }}
),

-- Placeholders are left out as they are where records are compared for likeness.
plain_records as (
    select
        customer_records.record_key,
        case
            when match_records.given_name is not null
                then {{ plain_letters('customer_records.given_name') }}
        end as given_name,
        {{ plain_letters('customer_records.middle_name') }} as middle_name,
        case
            when match_records.family_name is not null
                then {{ plain_letters('customer_records.family_name') }}
        end as family_name,
        customer_records.organisation_name
    from customer_records
    inner join match_records
        on match_records.record_key = customer_records.record_key
),

spelled as (
    select
        record_key,
        {{ name_words('given_name') }} as given_words,
        {{ name_words('middle_name') }} as middle_words,
        {{ name_words('family_name') }} as family_words,
        organisation_name
    from plain_records
),

organisations as (
    select
        text,
        plain_text
    from {{ normalise_organisations(
        '(select organisation_name as text from spelled where organisation_name is not null group by organisation_name)'
    ) }} as plain
),

parts_of_names as (
    select
        record_key,
        'given_name' as part,
        1 as place,
        {{ without_generation('given_words', with_first=true) }} as text
    from spelled
    where given_words is not null
    union all
    select
        record_key,
        'given_name' as part,
        2 as place,
        middle_words as text
    from spelled
    where middle_words is not null
    union all
    select
        record_key,
        'family_name' as part,
        3 as place,
        {{ without_generation('family_words') }} as text
    from spelled
    where family_words is not null
    union all
    select
        spelled.record_key,
        'organisation_name' as part,
        4 as place,
        organisations.plain_text as text
    from spelled
    inner join organisations
        on organisations.text = spelled.organisation_name
),

-- Few names, many records: each spelling is taken apart once.
words_of_texts as (
    select
        text,
        word,
        position
    from {{ words_with_positions('(select text from parts_of_names group by text)', 'text', 'text') }}
        as words
)

select
    parts_of_names.record_key,
    parts_of_names.part,
    parts_of_names.place,
    words_of_texts.position,
    words_of_texts.word,
    coalesce(given_name_variants.given_name, words_of_texts.word) as formal_word
from parts_of_names
inner join words_of_texts
    on words_of_texts.text = parts_of_names.text
left join given_name_variants
    on
        given_name_variants.variant = words_of_texts.word
        and parts_of_names.part <> 'organisation_name'
left join {{ ref('name_titles') }} as titles
    on titles.title = words_of_texts.word
-- A title stands in front of the given name and is not all of it.
where
    titles.title is null
    or parts_of_names.place <> 1
    or words_of_texts.position > 1
    or words_of_texts.word = parts_of_names.text
