with

observations as (
    select * from {{ ref('identity_observations') }}
),

namespaces as (
    select * from {{ ref('identity_namespaces') }}
),

-- A number that many records show is worked out once.
written_numbers as (
    select distinct
        observations.identity_value as phone,
        coalesce(upper(observations.country_code), '{{ var("default_country") | upper }}') as country_code
    from observations
    inner join namespaces
        on namespaces.namespace = observations.namespace
    where namespaces.kind = 'phone'
),

international as (
    select * from {{ international_phones('written_numbers', ref('calling_codes')) }} as numbers
)

select
    phone,
    country_code,
    -- E.164 has 15 digits at most; below 8 it is an extension or a service number.
    case when length(international_phone) between 9 and 16 then international_phone end
        as international_phone
from international
