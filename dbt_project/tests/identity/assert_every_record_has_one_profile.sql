-- No record is left without a person, the ones without any identity value included.
with

records as (
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
    where source_record_id is not null
    union all
    select
        source_system,
        source_record_id
    from {{ ref('consents') }}
)

select
    records.source_system,
    records.source_record_id
from records
left join {{ ref('identity_map') }} as identity_map
    on
        identity_map.source_system = records.source_system
        and identity_map.source_record_id = records.source_record_id
where identity_map.profile_id is null
