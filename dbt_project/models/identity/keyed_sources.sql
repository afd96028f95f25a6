with

identity_map as (
    select * from {{ ref('identity_map') }}
),

limits as (
    select cast(max(value) as bigint) as high_alias_devices
    from {{ ref('keyed_file_settings') }}
    where setting = 'high_alias_devices'
),

uploaded_ids as (
    select distinct
        uploaded_records.source_system,
        uploaded_records.source_record_id
    from {{ ref('uploaded_records') }} as uploaded_records
    -- Without those that were deleted since.
    inner join {{ ref('customer_records') }} as customer_records
        on
            customer_records.source_system = uploaded_records.source_system
            and customer_records.source_record_id = uploaded_records.source_record_id
),

people as (
    select
        profile_id,
        min(source_system) <> max(source_system) as is_known_elsewhere
    from identity_map
    group by profile_id
),

devices as (
    select
        profile_id,
        count(*) as device_count
    from {{ ref('profile_identities') }}
    where namespace = 'cookie'
    group by profile_id
),

ids as (
    select
        uploaded_ids.source_system,
        uploaded_ids.source_record_id,
        people.is_known_elsewhere,
        coalesce(devices.device_count, 0) >= limits.high_alias_devices as is_high_alias
    from uploaded_ids
    inner join identity_map
        on
            identity_map.source_system = uploaded_ids.source_system
            and identity_map.source_record_id = uploaded_ids.source_record_id
    inner join people
        on people.profile_id = identity_map.profile_id
    left join devices
        on devices.profile_id = identity_map.profile_id
    cross join limits
)

select
    source_system,
    count(*) as id_count,
    count(*) filter (where is_known_elsewhere) as known_id_count,
    count(*) filter (where is_high_alias) as high_alias_id_count
from ids
group by source_system
