{{
    config(
        materialized='incremental',
        unique_key=['contact_namespace', 'contact_value']
    )
}}

{% set point = ['contact_namespace', 'contact_value'] %}

with

{% call reached() %}
    select contact_namespace, contact_value from {{ changed('contact_points') }}
    union all
    select contact_namespace, contact_value
    from {{ ref('contact_points') }} semi join {{ changed('consent_words') }} using (person_key)
    union all
    select contact_namespace, contact_value from {{ changed('consent_words') }} where contact_value <> 'any'
{% endcall %}

people as (
    select * from {{ part(ref('contact_points'), point) }}
),

channels as (
    select distinct
        channel,
        point_kind
    from {{ ref('consent_channels') }}
),

namespaces as (
    select * from {{ ref('identity_namespaces') }}
),

codes as (
    select * from {{ ref('consent_codes') }}
),

-- What is said of a point: by its people about all that they have, by anybody about this one.
words as (
    select
        people.contact_namespace,
        people.contact_value,
        people.point_kind,
        0 as names_point,
        all_words.said_by,
        all_words.purpose,
        all_words.channel,
        all_words.topic,
        all_words.code,
        all_words.valid_from,
        all_words.valid_to
    from {{ part(ref('consent_words'), ['person_key'], of='people') }} as all_words
    inner join people
        on people.person_key = all_words.person_key
    where all_words.contact_value = 'any'
    union all
    select
        own_words.contact_namespace,
        own_words.contact_value,
        coalesce(namespaces.kind, 'profile') as point_kind,
        1 as names_point,
        own_words.said_by,
        own_words.purpose,
        own_words.channel,
        own_words.topic,
        own_words.code,
        own_words.valid_from,
        own_words.valid_to
    from {{ part(ref('consent_words'), point) }} as own_words
    left join namespaces
        on namespaces.namespace = own_words.contact_namespace
    where
        own_words.contact_value <> 'any'
        and (namespaces.kind is not null or own_words.contact_namespace = 'profile')
)

select
    words.contact_namespace,
    words.contact_value,
    words.said_by,
    words.purpose,
    channels.channel,
    words.topic,
    words.code,
    codes.care,
    2 * words.names_point + case when words.channel = 'any' then 0 else 1 end as level,
    words.valid_from,
    words.valid_to
from words
inner join channels
    on
        channels.point_kind = words.point_kind
        and words.channel in ('any', channels.channel)
inner join codes
    on codes.code = words.code
