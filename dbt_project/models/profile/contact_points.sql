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

-- Under an address that is blocked, or half the world's, nobody is reached; a no is about it still.
shown as (
    select
        identity_map.profile_id as person_key,
        point_values.namespace,
        point_values.normalised_value,
        coalesce(point_values.refusal_reason, '') not in (
            'blocked_value', 'unusable_value', 'too_many_records'
        ) as is_usable
    from {{ part(ref('comparison_values'), ['record_key'], of='identity_map') }} as point_values
    inner join identity_map
        on identity_map.record_key = point_values.record_key
    where point_values.normalised_value is not null
)

-- One mailbox or number is one, under whatever namespace of its kind it is asked for.
select
    shown.person_key,
    others.namespace as contact_namespace,
    shown.normalised_value as contact_value,
    others.kind as point_kind,
    bool_or(shown.is_usable) as is_usable
from shown
inner join namespaces
    on namespaces.namespace = shown.namespace
inner join namespaces as others
    on others.kind = namespaces.kind
group by shown.person_key, others.namespace, shown.normalised_value, others.kind
union all
-- Who has no address for a channel answers for it in person: a letter, an app.
select distinct
    person_key,
    'profile' as contact_namespace,
    person_key as contact_value,
    'profile' as point_kind,
    true as is_usable
from words
