with

observed as (
    select * from {{ ref('normalised_values') }}
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
        on blocked.match_kind = 'equals'
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
        on blocked.match_kind = 'equals'
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
        on blocked.match_kind = 'like'
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
        on hits.record_key = observed.record_key
        and hits.namespace = observed.namespace
        and hits.identity_value = observed.identity_value
    where
        hits.record_key is null
        and (observed.kind is null or observed.normalised_value is null)
),

persons as (
    select
        observed.record_key,
        observed.namespace,
        observed.identity_value,
        observed.normalised_value,
        observed.observation_count,
        observed.last_observed_at
    from observed
    left join unfit
        on unfit.record_key = observed.record_key
        and unfit.namespace = observed.namespace
        and unfit.identity_value = observed.identity_value
    where observed.kind = 'person' and unfit.record_key is null
),

devices_with_several_values as (
    select
        record_key,
        namespace
    from persons
    group by record_key, namespace
    having count(*) > 1
),

-- A device is its main user's: one visit of a guest must not move the device's whole past.
main_users as (
    select
        persons.record_key,
        persons.namespace,
        persons.normalised_value
    from persons
    inner join devices_with_several_values
        on devices_with_several_values.record_key = persons.record_key
        and devices_with_several_values.namespace = persons.namespace
    qualify row_number() over (
        partition by persons.record_key, persons.namespace
        order by
            persons.observation_count desc nulls last,
            persons.last_observed_at desc nulls last,
            persons.normalised_value,
            persons.identity_value
    ) = 1
),

guests as (
    select
        persons.record_key,
        persons.namespace,
        persons.identity_value
    from persons
    inner join main_users
        on main_users.record_key = persons.record_key
        and main_users.namespace = persons.namespace
    where persons.normalised_value <> main_users.normalised_value
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
    'the device belongs to another person, who is seen on it more often' as refusal_evidence
from guests
