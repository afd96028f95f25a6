{{ config(materialized='incremental', unique_key=['record_key']) }}

with

{% call reached() %}
    select record_key from {{ changed('customer_records') }}
    union all
    select record_key from {{ changed('comparison_values') }}
{% endcall %}

customer_records as (
    select * from {{ part(ref('customer_records'), ['record_key']) }}
),

-- A value that names nobody says nothing about likeness either. One that several people share does.
usable_values as (
    select
        record_key,
        namespace,
        min(normalised_value) as normalised_value
    from {{ part(ref('comparison_values'), ['record_key']) }}
    where refusal_reason is null or refusal_reason in ('shared_value', 'shared_device')
    group by record_key, namespace
),

identifiers as (
    select
        record_key,
        min(case when namespace = 'email' then normalised_value end) as email,
        min(case when namespace = 'phone' then normalised_value end) as phone,
        min(case when namespace = 'loyalty_id' then normalised_value end) as loyalty_id,
        min(case when namespace = 'national_id' then normalised_value end) as national_id
    from usable_values
    group by record_key
),

-- Telephone numbers of unknown country can't be written in full, and their ends still compare.
unwritten_phones as (
    select record_key
    from {{ part(ref('comparison_values'), ['record_key']) }}
    where namespace = 'phone' and refusal_reason = 'unusable_value'
    group by record_key
),

given_name_variants as (
    select
        {{ first_word('variant') }} as variant,
        min({{ first_word('given_name') }}) as given_name
    from {{ ref('given_name_variants') }}
    group by {{ first_word('variant') }}
),

placeholder_names as (
    select value
    from {{ ref('blocked_identity_values') }}
    where match_kind = 'equals' and namespace in ('any', 'given_name')
    group by value
),

placeholder_dates as (
    select value
    from {{ ref('blocked_identity_values') }}
    where match_kind = 'equals' and namespace = 'birth_date'
    group by value
),

spelled as (
    select
        customer_records.record_key,
        customer_records.source_system,
        case
            when unknown_given_names.value is null
                then {{ first_word('customer_records.given_name') }}
        end as given_name,
        coalesce(
            {{ letters('customer_records.middle_name') }},
            {{ second_word('customer_records.given_name') }}
        ) as middle_name,
        case
            when unknown_family_names.value is null
                then {{ letters('customer_records.family_name') }}
        end as family_name,
        case
            when placeholder_dates.value is null
                then {{ regexp_replace_all('cast(customer_records.birth_date as string)', '-', '') }}
        end as birth_date,
        {{ letters('customer_records.gender') }} as gender,
        identifiers.email,
        identifiers.phone,
        case
            when identifiers.phone is not null or unwritten_phones.record_key is not null
                then {{ phone_end('customer_records.phone') }}
        end as phone_end,
        identifiers.loyalty_id,
        identifiers.national_id,
        {{ house_number('customer_records.street') }} as house_number,
        {{ letters('customer_records.street') }} as street_name,
        {{ letters_and_digits('customer_records.address_line_2') }} as address_line_2,
        {{ letters_and_digits('customer_records.postal_code') }} as postal_code,
        {{ letters('customer_records.city') }} as city,
        {{ letters('customer_records.state') }} as state,
        customer_records.country_code
    from customer_records
    left join identifiers
        on identifiers.record_key = customer_records.record_key
    left join unwritten_phones
        on unwritten_phones.record_key = customer_records.record_key
    left join placeholder_names as unknown_given_names
        on unknown_given_names.value = lower(trim(customer_records.given_name))
    left join placeholder_names as unknown_family_names
        on unknown_family_names.value = lower(trim(customer_records.family_name))
    left join placeholder_dates
        on placeholder_dates.value = cast(customer_records.birth_date as string)
)

select
    spelled.record_key,
    spelled.source_system,
    spelled.given_name,
    coalesce(given_name_variants.given_name, spelled.given_name) as given_name_root,
    spelled.middle_name,
    spelled.family_name,
    spelled.birth_date,
    spelled.gender,
    spelled.email,
    {{ regexp_replace_all('spelled.email', '@.*$', '') }} as email_name,
    spelled.phone,
    spelled.phone_end,
    spelled.loyalty_id,
    spelled.national_id,
    spelled.house_number,
    spelled.street_name,
    spelled.address_line_2,
    spelled.postal_code,
    spelled.city,
    spelled.state,
    spelled.country_code
from spelled
left join given_name_variants
    on given_name_variants.variant = spelled.given_name
