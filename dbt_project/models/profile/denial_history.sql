{#- Memory: what a source has said and says no more. No rebuild drops it. -#}
{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        on_schema_change='append_new_columns',
        unique_key=['source_system', 'consent_id'],
        full_refresh=false
    )
}}

with

known as (
    select *
    from ({{ as_last_run_left('profile', 'denial_history', columns_of_model('denial_history', 'profile')) }})
    where code = 'n'
),

known_statements as (
    select
        source_system,
        consent_id,
        max(recorded_at) as recorded_at,
        min(noted_at) as noted_at,
        max(stated_id) as stated_id,
        max(source_file) as source_file
    from known
    group by source_system, consent_id
),

said as (
    select
        *,
        nullif(recorded_at, timestamp '0001-01-01 00:00:00') as said_at
    from {{ ref('consent_statements') }}
    where origin <> 'address'
),

unread as (
    select
        denial_id,
        max(consent_id) as stated_id,
        max(source_file) as source_file
    from {{ ref('unread_consents') }}
    group by denial_id
),

-- A statement that was a no and is there with another word speaks for itself; one of before that has
-- come to light again does not.
statements as (
    select
        said.*,
        known.noted_at,
        coalesce(unread.stated_id, known.stated_id) as stated_id,
        coalesce(unread.source_file, known.source_file) as source_file
    from said
    left join known_statements as known
        on
            known.source_system = said.source_system
            and known.consent_id = said.consent_id
    left join unread
        on said.origin = 'unread' and unread.denial_id = said.consent_id
    where
        (said.code = 'n' or known.consent_id is not null)
        and (known.recorded_at is null or said.said_at >= known.recorded_at)
    qualify row_number() over (
        partition by said.source_system, said.consent_id
        order by said.said_at desc nulls last, said.contact_value = 'any' desc
    ) = 1
),

records as (
    select
        shown.source_system,
        shown.source_record_id,
        shown.namespace as point_namespace,
        case
            when shown.kind in (select point_kind from {{ ref('consent_channels') }})
                then shown.normalised_value
        end as point_value
    from {{ ref('normalised_values') }} as shown
    semi join statements
        on
            statements.source_system = shown.source_system
            and statements.source_record_id = shown.source_record_id
),

-- The addresses that a no is about: those that it names or its record has shown, and what else was
-- the person's for as long as the record says whose it is.
addresses as (
    select
        source_system,
        consent_id,
        contact_namespace as point_namespace,
        contact_value as point_value,
        true as is_own
    from said
    where contact_value <> 'any'
    union all
    select
        statements.source_system,
        statements.consent_id,
        records.point_namespace,
        records.point_value,
        true as is_own
    from statements
    inner join records
        on
            records.source_system = statements.source_system
            and records.source_record_id = statements.source_record_id
    where statements.contact_value = 'any'
    union all
    select
        statements.source_system,
        statements.consent_id,
        points.contact_namespace as point_namespace,
        points.contact_value as point_value,
        false as is_own
    from statements
    inner join {{ ref('contact_points') }} as points
        on points.person_key = statements.person_key
    where
        statements.contact_value = 'any'
        and (statements.source_system, statements.source_record_id) in (
            select (source_system, source_record_id)
            from records
        )
    union all
    select
        known.source_system,
        known.consent_id,
        known.point_namespace,
        known.point_value,
        coalesce(known.is_own, true) as is_own
    from known
    inner join statements
        on
            statements.source_system = known.source_system
            and statements.consent_id = known.consent_id
            and statements.source_record_id = known.source_record_id
    where
        coalesce(known.is_own, true)
        or (known.source_system, known.source_record_id) not in (
            select (source_system, source_record_id)
            from records
        )
),

each_address as (
    select
        source_system,
        consent_id,
        point_namespace,
        point_value,
        bool_or(is_own) as is_own
    from addresses
    where point_value is not null
    group by source_system, consent_id, point_namespace, point_value
)

select
    statements.source_system,
    statements.consent_id,
    statements.source_record_id,
    statements.contact_namespace,
    statements.contact_value,
    statements.purpose,
    statements.channel,
    statements.topic,
    statements.code,
    statements.said_at as recorded_at,
    each_address.point_namespace,
    each_address.point_value,
    each_address.is_own,
    coalesce(statements.noted_at, {{ run_instant() }}) as noted_at,
    statements.stated_id,
    statements.source_file
from statements
left join each_address
    on
        statements.code = 'n'
        and each_address.source_system = statements.source_system
        and each_address.consent_id = statements.consent_id
