{#- What the last run has noted, read as a table and not as a model: the memory is written after. -#}
{% set history %}{{ target.database }}.profile.denial_history{% endset %}
{{
    config(
        materialized='incremental',
        unique_key=['source_system', 'consent_id'],
        pre_hook="create table if not exists profile.denial_history (
            source_system varchar, consent_id varchar, source_record_id varchar,
            contact_namespace varchar, contact_value varchar, purpose varchar, channel varchar,
            topic varchar, code varchar, recorded_at timestamp, point_namespace varchar,
            point_value varchar)"
    )
}}

with

{% call reached() %}
    select source_system, consent_id from {{ changed('consents') }}
{% endcall %}

noted as (
    select * from {{ part(history, ['source_system', 'consent_id']) }}
    {% if model.resource_type == 'unit_test' %}where false{% endif %}
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
