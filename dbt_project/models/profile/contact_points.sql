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
),

-- Where the address went with the file that said no to it.
remembered as (
    select
        words.person_key,
        kept_denials.point_namespace as namespace,
        kept_denials.point_value as normalised_value
    from words
    inner join {{ ref('kept_denials') }} as kept_denials
        on
            kept_denials.source_system = words.source_system
            and kept_denials.consent_id = words.consent_id
    where words.origin = 'kept'
),

points as (
    select * from shown
    union all
    select * from remembered
)

select distinct
    points.person_key,
    points.namespace as contact_namespace,
    points.normalised_value as contact_value,
    namespaces.kind as point_kind
from points
inner join namespaces
    on namespaces.namespace = points.namespace
union all
-- Who has no address for a channel answers for it in person: a letter, an app.
select distinct
    person_key,
    'profile' as contact_namespace,
    person_key as contact_value,
    'profile' as point_kind
from words
