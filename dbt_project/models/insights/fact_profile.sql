{{ config(materialized='daily_snapshot') }}

with

refresh_period as (
    select as_of_on
    from {{ ref('refresh_period') }}
),

profile_counts as (
    select
        count(*) as profile_count,
        count(*) filter (where is_known) as known_profile_count,
        coalesce(sum(record_count), 0) as record_count
    from {{ ref('profiles') }}
),

identity_counts as (
    select
        profile_id,
        count(*) as identity_count
    from {{ ref('profile_identities') }}
    group by profile_id
),

single_identity_counts as (
    select count(*) as profile_count
    from identity_counts
    where identity_count = 1
),

segmented_counts as (
    select count(distinct profile_id) as profile_count
    from {{ ref('segment_membership') }}
)

select
    refresh_period.as_of_on as date_key,
    cast(profile_counts.profile_count as bigint) as profile_count,
    cast(profile_counts.known_profile_count as bigint) as known_profile_count,
    cast(profile_counts.profile_count - profile_counts.known_profile_count as bigint)
        as anonymous_profile_count,
    cast(single_identity_counts.profile_count as bigint) as single_identity_profile_count,
    cast(profile_counts.profile_count - segmented_counts.profile_count as bigint)
        as unsegmented_profile_count,
    cast(profile_counts.record_count as bigint) as record_count
from refresh_period
cross join profile_counts
cross join single_identity_counts
cross join segmented_counts
