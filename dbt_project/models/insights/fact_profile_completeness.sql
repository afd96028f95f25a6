select
    distribution.as_of_on as date_key,
    distribution.bucket,
    cast(distribution.profile_count as bigint) as profile_count,
    cast(distribution.mean_percent as double) as mean_percent
from {{ ref('completeness_distribution') }} as distribution
where {{ is_published('distribution.as_of_on') }}
