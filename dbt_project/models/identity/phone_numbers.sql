{{ config(materialized='incremental', unique_key=['phone']) }}

with

{% call reached() %}
    select identity_value as phone
    from {{ changed('identity_observations') }}
    semi join (select * from {{ ref('identity_namespaces') }} where kind = 'phone') using (namespace)
{% endcall %}

observations as (
    select * from {{ part(ref('identity_observations'), {'identity_value': 'phone'}) }}
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
