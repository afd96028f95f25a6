-- The profiles are the people found, neither more nor fewer, and each record is counted once.
with

found as (
    select
        profile_id,
        count(*) as record_count
    from {{ ref('identity_map') }}
    group by profile_id
)

select
    coalesce(found.profile_id, profiles.profile_id) as profile_id,
    found.record_count as found_record_count,
    profiles.record_count
from found
full outer join {{ ref('profiles') }} as profiles
    on profiles.profile_id = found.profile_id
where found.record_count is distinct from profiles.record_count
