with

profiles as (
    select
        profile_id,
        count(*) as record_count
    from {{ ref('identity_map') }}
    group by profile_id
)

select
    record_count,
    count(*) as profile_count,
    cast(record_count * count(*) as bigint) as records_in_profiles
from profiles
group by record_count
