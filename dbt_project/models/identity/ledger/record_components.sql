with

-- An order by a customer whom no customer table knows is still somebody's: nothing gets lost.
mentioned as (
    select
        source_system,
        source_record_id
    from {{ ref('customer_records') }}
    union all
    select
        source_system,
        source_record_id
    from {{ ref('identity_observations') }}
    union all
    select
        source_system,
        source_record_id
    from {{ ref('orders') }}
    union all
    select
        source_system,
        source_record_id
    from {{ ref('events') }}
    union all
    select
        source_system,
        source_record_id
    from {{ ref('message_events') }}
    union all
    select
        source_system,
        source_record_id
    from {{ ref('consents') }}
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
