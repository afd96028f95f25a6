with

observations as (
    select * from {{ ref('identity_observations') }}
),

namespaces as (
    select * from {{ ref('identity_namespaces') }}
),

calling_codes as (
    select * from {{ ref('calling_codes') }}
),

placeholders as (
    select
        namespace,
        value
    from {{ ref('blocked_identity_values') }}
    where match_kind = 'equals'
),

given_name_variants as (
    select
        {{ normalise_given_name('variant') }} as variant,
        min({{ normalise_given_name('given_name') }}) as given_name
    from {{ ref('given_name_variants') }}
    group by {{ normalise_given_name('variant') }}
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
            when namespaces.kind = 'phone' then {{ phone_digits('observations.identity_value') }}
            when namespaces.kind = 'email' then {{ normalise_email('observations.identity_value') }}
            when namespaces.kind in ('cookie', 'device') then trim(observations.identity_value)
            when observations.namespace in ('loyalty_id', 'national_id')
                then {{ normalise_card_number('observations.identity_value') }}
            else lower({{ without_blanks('observations.identity_value') }})
        end as written_value,
        calling_codes.calling_code,
        calling_codes.trunk_prefix,
        case when placeholders.value is null then observations.birth_date end as birth_date,
        observations.given_name,
        names.name_start,
        names.initial,
        observations.observation_count,
        observations.last_observed_at
    from observations
    left join namespaces
        on namespaces.namespace = observations.namespace
    left join calling_codes
        on
            calling_codes.country_code = upper(observations.country_code)
            and namespaces.kind = 'phone'
    left join placeholders
        on
            placeholders.namespace = 'birth_date'
            and placeholders.value = cast(observations.birth_date as string)
    left join names
        on names.given_name = observations.given_name
),

international as (
    select
        written_alike.*,
        case
            when written_alike.kind = 'phone'
                then {{ international_phone('written_value', 'calling_code', 'trunk_prefix') }}
            else written_alike.written_value
        end as international_value
    from written_alike
)

select
    record_key,
    source_system,
    source_record_id,
    namespace,
    kind,
    identity_value,
    case
        when kind = 'email' and international_value not like '%_@_%._%' then null
        -- E.164 has 15 digits at most; below 8 it is an extension or a service number.
        when kind = 'phone' and length(international_value) not between 9 and 16 then null
        when international_value = '' then null
        else international_value
    end as normalised_value,
    birth_date,
    given_name,
    name_start,
    initial,
    observation_count,
    last_observed_at
from international
