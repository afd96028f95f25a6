with

fields as (
    select field
    from {{ ref('record_match_rules') }}
    where effect in ('link', 'never')
    group by field
),

words as (
    select * from {{ ref('rule_words') }}
),

customer_records as (
    select * from {{ ref('customer_records') }}
    where exists (select 1 from fields)
),

match_records as (
    select * from {{ ref('match_records') }}
    where exists (select 1 from fields)
),

comparison_values as (
    select * from {{ ref('comparison_values') }}
    where namespace in (select field from fields)
),

-- Fields by their words. As one value a given name is its first word, a family or company name all
-- letters, a whole name its words in the order of the alphabet.
names as (
    select
        record_key,
        part as field,
        case
            when part = 'given_name'
                then min_by(formal_word, place * 1000 + position)
            else {{ regexp_replace_all(joined_words('word', 'position'), ' ', '') }}
        end as value,
        {{ joined_words("word || '/' || formal_word", 'place * 1000 + position') }} as words
    from words
    group by record_key, part
    union all
    select
        record_key,
        'name' as field,
        {{ joined_words('formal_word', 'formal_word') }} as value,
        {{ joined_words("word || '/' || formal_word", 'formal_word') }} as words
    from words
    where part <> 'organisation_name'
    group by record_key
),

plain_records as (
    select
        customer_records.record_key,
        {{ plain_letters('customer_records.given_name') }} as given_name,
        {{ plain_letters('customer_records.family_name') }} as family_name,
        {{ plain_letters('customer_records.street') }} as plain_street,
        customer_records.street,
        match_records.given_name is not null as has_given_name,
        match_records.family_name is not null as has_family_name,
        match_records.birth_date,
        match_records.gender,
        match_records.phone_end,
        match_records.postal_code,
        match_records.city,
        match_records.state,
        match_records.country_code
    from customer_records
    inner join match_records
        on match_records.record_key = customer_records.record_key
),

spelled as (
    select
        *,
        case when has_given_name then {{ name_words('given_name') }} end as given_words,
        case when has_family_name then {{ name_words('family_name') }} end as family_words,
        {{ letters_and_digits('street') }} as street_line,
        -- Without the unit: suite, apartment, floor.
        {{ regexp_replace_all(
            regexp_replace_all(
                'plain_street',
                '#[0-9]+-[0-9]+|(suite|ste|apt|appt|apartment|unit|floor|flat) *#? *[0-9]+[a-z]?(,|$| )', ' '
            ),
            '[.#]', ''
        ) }} as house_line
    from plain_records
),

{%- set small_words = '(?:(?:rue|via|calle|avenida|place|boulevard|de|du|des|la|le|les) +)*' -%}
{%- set compass = '(?:(n|s|e|w)(?:orth|outh|ast|est)? +)?' -%}
{%- set number_first = '([0-9]+)[a-z]?,? +' ~ compass ~ small_words ~ '([0-9]*[a-z]{2,})' -%}
{%- set number_last = '([a-z]{3,}) +(?:(?:str|strasse|street|st|weg|gasse) +)?([0-9]+)[a-z]? *(?:$|[,;])' -%}
{%- set house_pattern = '^(?:.*?[^a-z0-9])??(?:' ~ number_first ~ '|' ~ number_last ~ ').*$' %}

-- Number and first word of the name of a street, wherever they stand in the line: `23 ansbacher` of
-- Ansbacher Straße 23, 40213 Düsseldorf and of 23 Ansbacher Street, `12n main` of 12 North Main St,
-- which is another house than 12 Main St. Null where no number stands beside a word.
housed as (
    select
        *,
        case
            when {{ regexp_matches('house_line', house_pattern) }}
                then {{ regexp_replace_all(
                    regexp_replace_all('house_line', house_pattern, '\\1\\2\\5 \\3\\4'),
                    '(.{3})(strasse|str)$', '\\1'
                ) }}
        end as address,
        coalesce(
            {{ generation_of('family_words') }}, {{ generation_of('given_words', with_first=true) }}
        ) as name_suffix
    from spelled
),

{%- set attributes = {'street': 'street_line'} -%}
{%- for name in [
    'birth_date', 'gender', 'phone_end', 'address', 'postal_code', 'city', 'state', 'country_code', 'name_suffix'
] -%}
    {%- do attributes.update({name: name}) -%}
{%- endfor %}

written as (
    select
        record_key,
        field,
        value,
        words
    from names
    union all
    select
        record_key,
        namespace as field,
        normalised_value as value,
        cast(null as string) as words
    from comparison_values
    where refusal_reason is null or refusal_reason in ('shared_value', 'shared_device', 'too_many_records')
    group by record_key, namespace, normalised_value
    {%- for field, column in attributes.items() %}
        union all
        select
            record_key,
            '{{ field }}' as field,
            {{ column }} as value,
            cast(null as string) as words
        from housed
    {%- endfor %}
)

select
    written.record_key,
    written.field,
    written.value,
    written.words
from written
inner join fields
    on fields.field = written.field
where written.value <> ''
