with

refresh_period as (
    select as_of_on
    from {{ ref('refresh_period') }}
),

consent_counts as (
    select
        purpose,
        channel,
        status,
        count(*) as profile_count
    from {{ ref('consent') }}
    group by purpose, channel, status
)

select
    refresh_period.as_of_on as date_key,
    consent_counts.purpose,
    consent_counts.channel,
    consent_counts.status,
    cast(consent_counts.profile_count as bigint) as profile_count
from consent_counts
cross join refresh_period
