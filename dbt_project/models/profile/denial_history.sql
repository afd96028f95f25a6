{#- Memory: what a source has said and says no more. No rebuild drops it. -#}
{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['source_system', 'consent_id'],
        full_refresh=false
    )
}}

-- What is kept of before is read before.
-- depends_on: {{ ref('kept_denials') }}
with

-- A statement that was a no and is there with another word speaks for itself.
statements as (
    select * from {{ ref('consents') }}
    where
        code = 'n'
        {% if is_incremental() -%}
            or (source_system, consent_id) in (select (source_system, consent_id) from {{ this }})
        {%- endif %}
),

points as (
    select distinct
        source_system,
        source_record_id,
        namespace,
        identity_value,
        normalised_value
    from {{ ref('normalised_values') }}
    where kind in (select point_kind from {{ ref('consent_channels') }}) and normalised_value is not null
)

-- With it the addresses of its record, which may go with the same file.
select distinct
    statements.source_system,
    statements.consent_id,
    statements.source_record_id,
    case when named.namespace is not null then named.namespace else 'any' end as contact_namespace,
    coalesce(named.normalised_value, 'any') as contact_value,
    statements.purpose,
    statements.channel,
    statements.topic,
    statements.code,
    statements.recorded_at,
    own.namespace as point_namespace,
    own.normalised_value as point_value
from statements
left join points as named
    on
        named.source_system = statements.source_system
        and named.source_record_id = statements.source_record_id
        and named.namespace = statements.contact_namespace
        and named.identity_value = statements.contact_value
left join points as own
    on
        own.source_system = statements.source_system
        and own.source_record_id = statements.source_record_id
        and named.namespace is null
