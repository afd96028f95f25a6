{#- Memory: what a source has said and says no more. No rebuild drops it. -#}
{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['source_system', 'consent_id'],
        full_refresh=false
    )
}}

with

-- A statement that was a no and is there with another word speaks for itself.
statements as (
    select * from {{ ref('consent_statements') }}
    where
        origin = 'stated'
        and (
            code = 'n'
            {% if is_incremental() -%}
                or (source_system, consent_id) in (select (source_system, consent_id) from {{ this }})
            {%- endif %}
        )
)

-- With it the addresses of its record, which may go with the same file.
select distinct
    statements.source_system,
    statements.consent_id,
    statements.source_record_id,
    statements.contact_namespace,
    statements.contact_value,
    statements.purpose,
    statements.channel,
    statements.topic,
    statements.code,
    statements.recorded_at,
    points.namespace as point_namespace,
    points.normalised_value as point_value
from statements
left join {{ ref('normalised_values') }} as points
    on
        points.source_system = statements.source_system
        and points.source_record_id = statements.source_record_id
        and points.kind in (select point_kind from {{ ref('consent_channels') }})
        and points.normalised_value is not null
        and statements.contact_value = 'any'
