-- In a replay later days may be known.
select
    distribution.as_of_on as date_key,
    distribution.bucket,
    cast(distribution.profile_count as bigint) as profile_count,
    cast(distribution.mean_percent as double) as mean_percent
from {{ ref('completeness_distribution') }} as distribution
inner join {{ ref('refresh_period') }} as refresh_period
    on distribution.as_of_on <= refresh_period.as_of_on
