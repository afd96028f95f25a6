select
    records.source_system,
    records.source_record_id,
    profiles.profile_id,
    records.record_key
from {{ ref('record_components') }} as records
inner join {{ ref('component_profiles') }} as profiles
    on profiles.component_id = records.component_id
