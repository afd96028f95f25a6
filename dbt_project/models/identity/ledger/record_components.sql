{{ config(materialized='incremental', unique_key=['record_key']) }}

{% set mentioning = [
    'customer_records', 'identity_observations', 'orders', 'events', 'message_events', 'consents',
    'support_contacts', 'interactions'
] %}

with

{% call reached() %}
    with

    reached_records as (
        {% for model in mentioning %}
            select source_system, source_record_id from {{ changed(model) }}
            union
        {% endfor %}
        -- A record without links was a component of its own.
        select source_system, source_record_id
        from {{ this }}
        where
            component_id in (select component_id from {{ changed('components') }})
            or component_id in (select node_id from {{ changed('components') }})
    )

    select
        source_system,
        source_record_id,
        source_system || ':' || source_record_id as record_key
    from reached_records
    where source_record_id is not null
{% endcall %}

-- An order by a customer whom no customer table knows is still somebody's: nothing gets lost.
mentioned as (
    {% for model in mentioning %}
        select
            source_system,
            source_record_id
        from {{ part(ref(model), ['source_system', 'source_record_id']) }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

records as (
    select
        source_system,
        source_record_id,
        source_system || ':' || source_record_id as record_key,
        {{ hash60("source_system || ':' || source_record_id") }} as node
    from mentioned
    where source_record_id is not null
    group by source_system, source_record_id
)

-- A record without links is a component of its own.
select
    records.source_system,
    records.source_record_id,
    records.record_key,
    substr(md5(records.record_key), 1, 16) as key_hash,
    coalesce(components.component_id, records.node) as component_id
from records
left join {{ ref('components') }} as components
    on components.node_id = records.node
