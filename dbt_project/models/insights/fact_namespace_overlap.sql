{{ config(materialized='daily_snapshot') }}

with

kept as (
    select
        stitching,
        overlap_id,
        sum(profile_count) as profile_count
    from ({{ namespace_overlaps() }}) as combinations
    group by stitching, overlap_id
    having sum(profile_count) >= {{ minimum_cell_size() }}
)

select
    refresh_period.as_of_on as date_key,
    {{ id_of('merge_policies.policy') }} as merge_policy_id,
    kept.overlap_id,
    cast(kept.profile_count as bigint) as profile_count
from kept
cross join {{ ref('refresh_period') }} as refresh_period
inner join {{ ref('merge_policies') }} as merge_policies
    on merge_policies.stitching = kept.stitching
