-- The names of records as evidence: in one spelling, without titles and words that name nobody.
{{ config(materialized='incremental', unique_key=['record_key']) }}

with

{% call reached() %}
    select record_key from {{ changed('customer_records') }}
    union all
    select record_key from {{ changed('identity_observations') }}
{% endcall %}

-- Sources of observations may name people of whom there is no customer record.
records as (
    select
        record_key,
        given_name,
        family_name,
        organisation_name,
        gender,
        email
    from {{ part(ref('customer_records'), ['record_key']) }}
    union all
    select
        observed.record_key,
        max(observed.given_name) as given_name,
        cast(null as string) as family_name,
        cast(null as string) as organisation_name,
        cast(null as string) as gender,
        cast(null as string) as email
    from {{ part(ref('identity_observations'), ['record_key']) }} as observed
    left join {{ ref('customer_records') }} as customer_records
        on customer_records.record_key = observed.record_key
    where observed.given_name is not null and customer_records.record_key is null
    group by observed.record_key
),

given_name_variants as (
    {{ formal_given_names() }}
),

placeholders as (
    select
        value,
        min(reason) as reason
    from {{ ref('blocked_identity_values') }}
    where match_kind = 'equals' and namespace in ('any', 'given_name')
    group by value
),

-- Names are few, records many: each spelling is worked out once.
given_names as (
    select
        given_name as text,
        {{ generation_number('given_name', with_first=true) }} as generation
    from records
    where given_name is not null
    group by given_name
),

family_names as (
    select
        family_name as text,
        {{ generation_number('family_name') }} as generation
    from records
    where family_name is not null
    group by family_name
),

organisations as (
    select organisation_name as text
    from records
    where organisation_name is not null
    group by organisation_name
),

-- In lower case, without accents and digits, ä as ae.
plain_names as (
    select
        text,
        trim({{ regexp_replace_all(
            regexp_replace_all(plain_words('text'), '[^\\p{L} ]', ''), ' +', ' '
        ) }}) as plain_text
    from given_names
),

words as (
    select * from {{ words_with_positions('plain_names', 'text', 'plain_text') }}
),

-- A text that says what somebody is to others is no name: child, resident.
texts_of_roles as (
    select words.text
    from words
    inner join {{ ref('name_roles') }} as name_roles
        on name_roles.word = words.word
    group by words.text
),

-- Titles, ranks, ordinals and suffixes are no names. Of a title that may be a name, a name is made
-- where it stands alone.
words_of_names as (
    select
        words.text,
        words.word,
        row_number() over (partition by words.text order by words.position) as place
    from words
    left join {{ ref('name_titles') }} as titles
        on titles.title = words.word
    left join texts_of_roles
        on texts_of_roles.text = words.text
    inner join plain_names
        on plain_names.text = words.text
    where
        words.word <> ''
        and texts_of_roles.text is null
        and (titles.title is null or (titles.may_be_name and plain_names.plain_text = words.word))
),

first_words as (
    select
        text,
        max(case when place = 1 then word end) as first_word,
        max(case when place = 2 then word end) as second_word
    from words_of_names
    group by text
),

-- Without titles and suffixes, unless nothing else is left.
plain_family_names as (
    select
        text,
        nullif({{ regexp_replace_all(
            without_generation('plain_text'), '[^\\p{L}]', ''
        ) }}, '') as letters
    from {{ normalise_titles('family_names', left_out=true) }}
),

spelled as (
    select
        records.record_key,
        records.gender,
        records.given_name is null
        or records.family_name is null
        or records.given_name = records.family_name as is_one_word,
        case
            when
                no_given_name.value is null
                or {{ is_name_after_all(
                    'no_given_name', 'records.given_name', 'records.family_name', 'no_family_name',
                    'records.email'
                ) }}
                then first_words.first_word
        end as given_name,
        first_words.second_word as second_given_name,
        case
            when
                no_family_name.value is null
                or {{ is_name_after_all(
                    'no_family_name', 'records.family_name', 'records.given_name', 'no_given_name',
                    'records.email'
                ) }}
                then plain_family_names.letters
        end as family_name,
        coalesce(family_names.generation, given_names.generation) as generation,
        {{ letters_and_digits('organisations.plain_text') }} as organisation_name
    from records
    left join given_names
        on given_names.text = records.given_name
    left join family_names
        on family_names.text = records.family_name
    left join first_words
        on first_words.text = records.given_name
    left join plain_family_names
        on plain_family_names.text = records.family_name
    left join {{ normalise_organisations('organisations') }} as organisations
        on organisations.text = records.organisation_name
    left join placeholders as no_given_name
        on no_given_name.value = lower(trim(records.given_name))
    left join placeholders as no_family_name
        on no_family_name.value = lower(trim(records.family_name))
)

select
    spelled.record_key,
    spelled.given_name,
    coalesce(given_name_variants.given_name, spelled.given_name) as formal_given_name,
    case when spelled.given_name is not null then spelled.second_given_name end as second_given_name,
    spelled.family_name,
    case when spelled.is_one_word then coalesce(spelled.given_name, spelled.family_name) end
        as only_name,
    spelled.generation,
    spelled.organisation_name,
    spelled.gender
from spelled
left join given_name_variants
    on given_name_variants.variant = spelled.given_name
