{{ config(materialized='incremental', unique_key=['person_key']) }}

{% set scope = [
    'person_key', 'said_by', 'contact_namespace', 'contact_value', 'purpose', 'channel', 'topic'
] %}

with

{% call reached() %}
    select person_key from {{ changed('consent_statements') }}
{% endcall %}

statements as (
    select * from {{ part(ref('consent_statements'), ['person_key']) }}
),

-- A yes beside a more careful word of the same instant is none.
granted as (
    select * from statements
    where contact_value = 'any'
    qualify
        code = 'y'
        and care = min(care) over (partition by {{ scope | join(', ') }}, recorded_at)
),

-- A later yes to all that a record shows ends its no to what it showed before, and opens none of it.
in_force as (
    select * from statements
    where origin is distinct from 'address'
    union all
    select former.*
    from statements as former
    anti join granted
        on
            granted.recorded_at > former.recorded_at
            {%- for column in scope | reject('in', ['contact_namespace', 'contact_value']) %}
                and granted.{{ column }} = former.{{ column }}
            {%- endfor %}
    where former.origin = 'address'
),

-- Of several words at one instant the most careful counts.
at_an_instant as (
    select * from in_force
    qualify row_number() over (
        partition by {{ scope | join(', ') }}, recorded_at
        order by care asc, source_system asc, consent_id asc
    ) = 1
),

in_order as (
    select
        *,
        max(case when code = 'n' then recorded_at end) over so_far as last_denied_at,
        max(case when code = 'y' then recorded_at end) over so_far as last_granted_at,
        lead(recorded_at) over (
            partition by {{ scope | join(', ') }} order by recorded_at
        ) as valid_to
    from at_an_instant
    window so_far as (
        partition by {{ scope | join(', ') }}
        order by recorded_at
        rows between unbounded preceding and current row
    )
)

-- The last word counts, but only a yes lifts a no.
select
    person_key,
    profile_id,
    said_by,
    contact_namespace,
    contact_value,
    purpose,
    channel,
    topic,
    case
        when last_denied_at >= coalesce(last_granted_at, last_denied_at) then 'n'
        else code
    end as code,
    recorded_at as valid_from,
    valid_to,
    source_system,
    consent_id,
    origin
from in_order
