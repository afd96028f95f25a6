{{ config(materialized='incremental', unique_key=['person_key']) }}

with

{% call reached() %}
    select profile_id as person_key from {{ changed('identity_map') }}
    union all
    select profile_id as person_key
    from {{ ref('identity_map') }}
    semi join {{ changed('comparison_values') }} using (record_key)
    union all
    select person_key from {{ changed('consent_words') }}
{% endcall %}

identity_map as (
    select * from {{ part(ref('identity_map'), {'profile_id': 'person_key'}) }}
),

channels as (
    select * from {{ ref('consent_channels') }}
),

namespaces as (
    select * from {{ ref('identity_namespaces') }}
    where kind in (select point_kind from channels)
),

words as (
    select * from {{ part(ref('consent_words'), ['person_key']) }}
),

-- An address under which nobody, or half the world, is reached is nobody's.
shown as (
    select
        identity_map.profile_id as person_key,
        point_values.namespace,
        point_values.normalised_value
    from {{ part(ref('comparison_values'), ['record_key'], of='identity_map') }} as point_values
    inner join identity_map
        on identity_map.record_key = point_values.record_key
    where
        point_values.normalised_value is not null
        and (
            point_values.refusal_reason is null
            or point_values.refusal_reason not in ('blocked_value', 'unusable_value', 'too_many_records')
        )
)

select distinct
    shown.person_key,
    shown.namespace as contact_namespace,
    shown.normalised_value as contact_value,
    namespaces.kind as point_kind
from shown
inner join namespaces
    on namespaces.namespace = shown.namespace
union all
-- Who has no address for a channel answers for it in person: a letter, an app.
select distinct
    person_key,
    'profile' as contact_namespace,
    person_key as contact_value,
    'profile' as point_kind
from words
