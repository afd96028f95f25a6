{{ config(materialized='incremental', unique_key=['record_key']) }}

with

{% call reached() %}
    select record_key from {{ changed('identity_observations') }}
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

given_name_variants as (
    {{ formal_given_names() }}
),

-- Names are few, records many: each spelling is worked out once.
spellings as (
    select
        given_name,
        {{ normalise_given_name('given_name') }} as written_name
    from observations
    where given_name is not null
    group by given_name
),

-- A placeholder proves nothing about who shares a value.
names as (
    select
        spellings.given_name,
        nullif(substr(spellings.written_name, 1, 1), '') as initial,
        nullif(
            substr(coalesce(given_name_variants.given_name, spellings.written_name), 1, 3), ''
        ) as name_start
    from spellings
    left join given_name_variants
        on given_name_variants.variant = spellings.written_name
    left join placeholders
        on
            placeholders.namespace = 'any'
            and placeholders.value = lower(spellings.given_name)
    where placeholders.value is null
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
            when observations.namespace in ('loyalty_id', 'national_id', 'passport', 'drivers_license')
                then {{ normalise_card_number('observations.identity_value') }}
            else lower({{ without_blanks('observations.identity_value') }})
        end as written_value,
        case when placeholders.value is null then observations.birth_date end as birth_date,
        observations.given_name,
        names.name_start,
        names.initial,
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
    left join names
        on names.given_name = observations.given_name
),

valid as (
    select
        written_alike.*,
        case
            when
                written_alike.kind = 'email'
                and written_alike.written_value not like '%_@_%._%'
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
    valid.name_start,
    valid.initial,
    valid.observation_count,
    valid.last_observed_at
from valid
left join aliases
    on
        aliases.namespace = valid.namespace
        and aliases.value = valid.valid_value
