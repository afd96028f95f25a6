{#- What the last run has noted, read as a table and not as a model: the memory is written after. -#}
{% set history = adapter.get_relation(
    database=target.database, schema='profile', identifier='denial_history'
) if execute and model.resource_type != 'unit_test' else none %}
{{ config(materialized='incremental', unique_key=['source_system', 'consent_id']) }}

with

{% call reached() %}
    select source_system, consent_id from {{ changed('consents') }}
{% endcall %}

noted as (
    {% if history is not none -%}
        select * from {{ part(history, ['source_system', 'consent_id']) }}
    {%- else -%}
        select
            *,
            cast(null as string) as point_namespace,
            cast(null as string) as point_value
        from {{ ref('consents') }}
        where false
    {%- endif %}
)

select
    noted.source_system,
    noted.consent_id,
    noted.source_record_id,
    noted.contact_namespace,
    noted.contact_value,
    noted.purpose,
    noted.channel,
    noted.topic,
    noted.code,
    noted.recorded_at,
    noted.point_namespace,
    noted.point_value
from noted
left join {{ part(ref('consents'), ['source_system', 'consent_id']) }} as consents
    on
        consents.source_system = noted.source_system
        and consents.consent_id = noted.consent_id
where noted.code = 'n' and consents.consent_id is null
