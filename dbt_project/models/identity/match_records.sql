{{ config(materialized='incremental', unique_key=['record_key']) }}

with

{% call reached() %}
    select record_key from {{ changed('customer_records') }}
    union all
    select record_key from {{ changed('comparison_values') }}
    union all
    select record_key from {{ changed('record_names') }}
    union all
    select record_key from {{ changed('record_units') }}
{% endcall %}

customer_records as (
    select * from {{ part(ref('customer_records'), ['record_key']) }}
),

-- A value that names nobody says nothing about likeness either. One that several people share does,
-- where both records are the same one of them: it has a mark, behind a bar, of which.
usable_values as (
    select
        record_key,
        namespace,
        min(normalised_value || coalesce('|' || person_mark, '')) as normalised_value
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
        concat_ws('.', customer_records.source_system, customer_records.source_table) as source_table,
        -- One word alone may be either name: it stands for both.
        coalesce(names.given_name, names.only_name) as given_name,
        coalesce(names.formal_given_name, names.only_name) as given_name_root,
        coalesce({{ letters('customer_records.middle_name') }}, names.second_given_name) as middle_name,
        coalesce(names.family_name, names.only_name) as family_name,
        names.only_name,
        names.generation,
        names.organisation_name,
        coalesce(
            case
                when placeholder_dates.value is null
                    then {{ regexp_replace_all('cast(customer_records.birth_date as string)', '-', '') }}
            end,
            case when customer_records.birth_date is null then customer_records.birth_date_as_written end
        ) as birth_date,
        {{ letters('customer_records.gender') }} as gender,
        identifiers.email,
        split_part(identifiers.email, '@', 1) as mailbox,
        {{ regexp_replace_all(
            without_accents("split_part(identifiers.email, '@', 1)"), '[^\\p{L}0-9]+', ''
        ) }} as mailbox_letters,
        identifiers.phone,
        {{ regexp_replace_all(
            regexp_replace_all(
                regexp_replace_all('customer_records.phone', '^[^0-9+]+', ''), '[A-Za-z].*$', ''
            ),
            '[^0-9]', ''
        ) }} as phone_digits,
        case
            when identifiers.phone is not null or unwritten_phones.record_key is not null
                -- The digits that a caller from the same town dials.
                then case when length(phone_digits) >= 7 then right(phone_digits, 7) end
        end as phone_end,
        identifiers.loyalty_id,
        identifiers.national_id,
        -- The first number of the line: 12 of Main St 12 b.
        nullif({{ regexp_replace_all(
            regexp_replace_all('customer_records.street', '^[^0-9]*0*', ''), '[^0-9].*$', ''
        ) }}, '') as house_number,
        {{ letters('customer_records.street') }} as street_name,
        {{ letters_and_digits('customer_records.address_line_2') }} as address_line_2,
        {{ letters_and_digits('customer_records.postal_code') }} as postal_code,
        coalesce({{ letters('customer_records.city') }}, {{ letters('postal_places.city') }}) as city,
        {{ letters('customer_records.state') }} as state,
        customer_records.country_code,
        {{ json_in_letters_and_digits('customer_records.attributes') }} as attributes,
        record_units.business_unit_id
    from customer_records
    left join {{ part(ref('record_names'), ['record_key'], of='customer_records') }} as names
        on names.record_key = customer_records.record_key
    left join identifiers
        on identifiers.record_key = customer_records.record_key
    left join {{ part(ref('record_units'), ['record_key'], of='customer_records') }} as record_units
        on record_units.record_key = customer_records.record_key
    left join unwritten_phones
        on unwritten_phones.record_key = customer_records.record_key
    left join placeholder_dates
        on placeholder_dates.value = cast(customer_records.birth_date as string)
    left join {{ ref('postal_places') }} as postal_places
        on
            postal_places.country_code = customer_records.country_code
            and {{ letters_and_digits('postal_places.postal_code') }}
            = {{ letters_and_digits('customer_records.postal_code') }}
            and customer_records.city is null
)

select
    spelled.record_key,
    spelled.source_system,
    spelled.source_table,
    spelled.given_name,
    spelled.given_name_root,
    spelled.middle_name,
    spelled.family_name,
    spelled.only_name,
    spelled.generation,
    spelled.organisation_name,
    spelled.birth_date,
    spelled.gender,
    spelled.email,
    -- A mailbox made of the two names or their initials, and of nothing else, says no more than the
    -- name: ann.lee, lee-ann, alee, ann. A number beside them says more.
    case
        when
            not coalesce(spelled.mailbox_letters in (
                spelled.given_name || spelled.family_name,
                spelled.family_name || spelled.given_name,
                left(spelled.given_name, 1) || spelled.family_name,
                spelled.family_name || left(spelled.given_name, 1),
                spelled.given_name || left(spelled.family_name, 1),
                spelled.given_name,
                spelled.family_name
            ), false)
            then spelled.mailbox
    end as email_name,
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
    spelled.country_code,
    spelled.attributes,
    spelled.business_unit_id
from spelled
