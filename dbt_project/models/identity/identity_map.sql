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
        source_system || ':' || source_record_id as record_key
    from mentioned
    where source_record_id is not null
    group by source_system, source_record_id
),

components as (
    select * from {{ ref('components') }}
),

members as (
    select
        records.source_system,
        records.source_record_id,
        substr(md5(records.record_key), 1, 16) as key_hash,
        components.component_id
    from records
    left join components
        on components.node_id = {{ hash60('records.record_key') }}
),

-- The 60-bit order of the nodes is the order of these texts, so the smallest names the same record.
people as (
    select
        component_id,
        min(key_hash) as key_hash
    from members
    where component_id is not null
    group by component_id
)

select
    members.source_system,
    members.source_record_id,
    'p' || coalesce(people.key_hash, members.key_hash) as profile_id
from members
left join people
    on people.component_id = members.component_id
