{{ config(materialized='incremental', unique_key=['record_key']) }}

with

{% call reached() %}
    select record_key from {{ changed('identity_observations') }}
    union all
    select record_key from {{ changed('record_names') }}
{% endcall %}

observations as (
    select * from {{ part(ref('identity_observations'), ['record_key']) }}
),

namespaces as (
    select * from {{ ref('identity_namespaces') }}
),

phone_numbers as (
    select * from {{ part(ref('phone_numbers'), {'phone': 'identity_value'}, of='observations') }}
),

aliases as (
    select * from {{ ref('identity_value_aliases') }}
),

placeholders as (
    select
        namespace,
        value
    from {{ ref('blocked_identity_values') }}
    where match_kind = 'equals'
),

written_alike as (
    select
        observations.record_key,
        observations.source_system,
        observations.source_record_id,
        observations.namespace,
        namespaces.kind,
        observations.identity_value,
        case
            when namespaces.kind = 'phone' then phone_numbers.international_phone
            when namespaces.kind = 'email' then {{ normalise_email('observations.identity_value') }}
            when namespaces.kind in ('cookie', 'device') then trim(observations.identity_value)
            when observations.namespace = 'login' then {{ normalise_login('observations.identity_value') }}
            when observations.namespace in ('loyalty_id', 'national_id', 'passport', 'drivers_license')
                then {{ normalise_card_number('observations.identity_value') }}
            else lower({{ without_blanks('observations.identity_value') }})
        end as written_value,
        case when placeholders.value is null then observations.birth_date end as birth_date,
        observations.given_name,
        names.given_name as written_given_name,
        names.formal_given_name,
        names.second_given_name,
        names.family_name,
        names.generation,
        names.gender,
        observations.observation_count,
        observations.last_observed_at
    from observations
    left join namespaces
        on namespaces.namespace = observations.namespace
    left join phone_numbers
        on
            phone_numbers.phone = observations.identity_value
            and phone_numbers.country_code = coalesce(
                upper(observations.country_code), '{{ var("default_country") | upper }}'
            )
            and namespaces.kind = 'phone'
    left join placeholders
        on
            placeholders.namespace = 'birth_date'
            and placeholders.value = cast(observations.birth_date as string)
    left join {{ part(ref('record_names'), ['record_key'], of='observations') }} as names
        on names.record_key = observations.record_key
),

-- A text that is no e-mail address, or several, is none.
valid as (
    select
        written_alike.*,
        case
            when
                written_alike.kind = 'email'
                and not {{ is_email('written_alike.written_value') }}
                then null
            else nullif(written_alike.written_value, '')
        end as valid_value
    from written_alike
)

select
    valid.record_key,
    valid.source_system,
    valid.source_record_id,
    valid.namespace,
    valid.kind,
    valid.identity_value,
    {{ alias_or_self('valid.valid_value', 'aliases.same_as') }} as normalised_value,
    valid.birth_date,
    valid.given_name,
    valid.written_given_name,
    valid.formal_given_name,
    valid.second_given_name,
    valid.family_name,
    valid.generation,
    valid.gender,
    -- What the record says about the person, as one text: people at a value are told apart by it.
    coalesce(nullif(concat_ws(
        ' ', valid.written_given_name, valid.second_given_name, valid.family_name, valid.generation,
        valid.birth_date, valid.gender
    ), ''), '-') as person_description,
    valid.observation_count,
    valid.last_observed_at
from valid
left join aliases
    on
        aliases.namespace = valid.namespace
        and aliases.value = valid.valid_value
