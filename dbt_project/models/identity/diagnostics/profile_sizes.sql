select
    record_count,
    count(*) as profile_count,
    cast(record_count * count(*) as bigint) as records_in_profiles
from {{ ref('profile_ledger') }}
where ended_at is null
group by record_count
