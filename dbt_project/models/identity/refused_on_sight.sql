{{ config(materialized='incremental', unique_key=['record_key']) }}

with

{% call reached() %}
    select record_key from {{ changed('normalised_values') }}
{% endcall %}

observed as (
    select * from {{ part(ref('normalised_values'), ['record_key']) }}
),

namespaces as (
    select * from {{ ref('identity_namespaces') }}
),

blocked as (
    select
        namespaces.namespace,
        listed.match_kind,
        listed.value,
        min(listed.reason) as reason
    from {{ ref('blocked_identity_values') }} as listed
    inner join namespaces
        on listed.namespace in (namespaces.namespace, 'any')
    group by namespaces.namespace, listed.match_kind, listed.value
),

-- Three joins for three ways to be hit; a value that is hit twice is refused once, below.
hits as (
    select
        observed.record_key,
        observed.namespace,
        observed.identity_value,
        blocked.reason
    from observed
    inner join blocked
        on
            blocked.match_kind = 'equals'
            and blocked.namespace = observed.namespace
            and blocked.value = lower(observed.identity_value)
    union all
    select
        observed.record_key,
        observed.namespace,
        observed.identity_value,
        blocked.reason
    from observed
    inner join blocked
        on
            blocked.match_kind = 'equals'
            and blocked.namespace = observed.namespace
            and blocked.value = lower(observed.normalised_value)
    union all
    select
        observed.record_key,
        observed.namespace,
        observed.identity_value,
        blocked.reason
    from observed
    inner join blocked
        on
            blocked.match_kind = 'like'
            and blocked.namespace = observed.namespace
            and lower(observed.normalised_value) like blocked.value
),

unfit as (
    select
        record_key,
        namespace,
        identity_value,
        'blocked_value' as refusal_reason,
        'listed in blocked_identity_values: ' || min(reason) as refusal_evidence
    from hits
    group by record_key, namespace, identity_value
    union all
    select
        observed.record_key,
        observed.namespace,
        observed.identity_value,
        case when observed.kind is null then 'unknown_namespace' else 'unusable_value' end
            as refusal_reason,
        case
            when observed.kind is null then 'not listed in identity_namespaces'
            else 'not a valid value of its kind'
        end as refusal_evidence
    from observed
    left join hits
        on
            hits.record_key = observed.record_key
            and hits.namespace = observed.namespace
            and hits.identity_value = observed.identity_value
    where
        hits.record_key is null
        and (observed.kind is null or observed.normalised_value is null)
),

-- Two spellings of one login are one person.
persons as (
    select
        observed.record_key,
        observed.namespace,
        observed.normalised_value,
        cast(sum(observed.observation_count) as bigint) as observation_count
    from observed
    left join unfit
        on
            unfit.record_key = observed.record_key
            and unfit.namespace = observed.namespace
            and unfit.identity_value = observed.identity_value
    where observed.kind = 'person' and unfit.record_key is null
    group by observed.record_key, observed.namespace, observed.normalised_value
),

shared_devices as (
    select
        record_key,
        namespace
    from persons
    group by record_key, namespace
    having count(*) > 1
),

-- A device has a main user when one person is seen on it twice as often as the next. By the last
-- login instead, one visit of a guest would move the whole past of the device.
main_users as (
    select
        persons.record_key,
        persons.namespace,
        persons.normalised_value
    from persons
    inner join shared_devices
        on
            shared_devices.record_key = persons.record_key
            and shared_devices.namespace = persons.namespace
    qualify
        row_number() over (
            partition by persons.record_key, persons.namespace
            order by persons.observation_count desc nulls last, persons.normalised_value asc
        ) = 1
        and persons.observation_count >= 2 * lead(persons.observation_count) over (
            partition by persons.record_key, persons.namespace
            order by persons.observation_count desc nulls last, persons.normalised_value asc
        )
),

on_shared_devices as (
    select
        observed.record_key,
        observed.namespace,
        observed.identity_value,
        case
            when main_users.record_key is null
                then 'several people use the device and none of them twice as often as the next'
            else 'another person uses the device at least twice as often'
        end as refusal_evidence
    from observed
    inner join shared_devices
        on
            shared_devices.record_key = observed.record_key
            and shared_devices.namespace = observed.namespace
    left join main_users
        on
            main_users.record_key = observed.record_key
            and main_users.namespace = observed.namespace
    left join unfit
        on
            unfit.record_key = observed.record_key
            and unfit.namespace = observed.namespace
            and unfit.identity_value = observed.identity_value
    where
        unfit.record_key is null
        and (
            main_users.record_key is null
            or main_users.normalised_value <> observed.normalised_value
        )
)

select
    record_key,
    namespace,
    identity_value,
    refusal_reason,
    refusal_evidence
from unfit
union all
select
    record_key,
    namespace,
    identity_value,
    'shared_device' as refusal_reason,
    refusal_evidence
from on_shared_devices
