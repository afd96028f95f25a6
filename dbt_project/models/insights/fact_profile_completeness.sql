select
    distribution.as_of_on as date_key,
    distribution.bucket,
    {{ unless_small('distribution.profile_count') }} as profile_count,
    {{ unless_small('distribution.profile_count', 'distribution.mean_percent', 'double') }} as mean_percent
from {{ ref('completeness_distribution') }} as distribution
where {{ is_published('distribution.as_of_on') }}
