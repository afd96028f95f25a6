with

days as (
    {{ published_days(ref('completeness_distribution'), 'as_of_on') }}
)

select
    days.date_key,
    distribution.bucket,
    {{ unless_small('distribution.profile_count') }} as profile_count,
    {{ unless_small('distribution.profile_count', 'distribution.mean_percent', 'double') }} as mean_percent
from {{ ref('completeness_distribution') }} as distribution
inner join days
    on distribution.as_of_on = days.recorded_on
