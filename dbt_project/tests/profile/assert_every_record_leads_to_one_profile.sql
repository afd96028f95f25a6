-- Each record, whatever it is of, leads to one profile that is there, and so does each former id.
with

keys as (
    select * from {{ ref('alternate_keys') }}
    where key_kind <> 'identity'
),

records as (
    select count(*) as record_count from {{ ref('identity_map') }}
)

select
    keys.key_kind,
    count(*) as key_count,
    count(profiles.profile_id) as found_count,
    records.record_count
from keys
cross join records
left join {{ ref('profiles') }} as profiles
    on profiles.profile_id = keys.profile_id
group by keys.key_kind, records.record_count
having
    count(*) <> count(profiles.profile_id)
    or (keys.key_kind = 'source_record' and count(*) <> records.record_count)
