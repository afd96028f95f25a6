{{ config(materialized='daily_snapshot') }}

with

profile_counts as (
    select
        stitching,
        count(*) as profile_count,
        count(*) filter (where is_known) as known_profile_count,
        count(*) filter (where identity_count = 1) as single_identity_profile_count
    from {{ ref('profile_namespaces') }}
    group by stitching
),

record_counts as (
    select coalesce(sum(record_count), 0) as record_count
    from {{ ref('profiles') }}
),

-- Segments are of the profiles that the default policy makes.
segmented_counts as (
    select count(distinct profile_id) as profile_count
    from {{ ref('segment_membership') }}
),

counts as (
    select
        refresh_period.as_of_on as date_key,
        {{ id_of('merge_policies.policy') }} as merge_policy_id,
        coalesce(profile_counts.profile_count, 0) as profile_count,
        coalesce(profile_counts.known_profile_count, 0) as known_count,
        coalesce(profile_counts.single_identity_profile_count, 0) as single_identity_count,
        case
            when merge_policies.is_default then segmented_counts.profile_count
        end as segmented_count,
        record_counts.record_count
    from {{ ref('merge_policies') }} as merge_policies
    cross join {{ ref('refresh_period') }} as refresh_period
    cross join record_counts
    cross join segmented_counts
    left join profile_counts
        on profile_counts.stitching = merge_policies.stitching
)

-- Of all people the number is known, so that a part is told only where the others aren't few either.
select
    date_key,
    merge_policy_id,
    cast(profile_count as bigint) as profile_count,
    {{ unless_small('known_count', others='profile_count - known_count') }} as known_profile_count,
    {{ unless_small('profile_count - known_count', others='known_count') }} as anonymous_profile_count,
    {{ unless_small('single_identity_count', others='profile_count - single_identity_count') }}
        as single_identity_profile_count,
    {{ unless_small('profile_count - segmented_count', others='segmented_count') }}
        as unsegmented_profile_count,
    cast(record_count as bigint) as record_count
from counts
