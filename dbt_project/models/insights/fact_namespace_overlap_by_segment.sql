{{ config(materialized='daily_snapshot') }}

with

this_refresh as (
    {{ this_refresh() }}
),

kept as (
    select
        namespaces,
        overlap_id
    from ({{ namespace_overlaps() }}) as combinations
    where stitching = 'whole_graph'
),

segment_overlaps as (
    select
        segment_membership.segment_name,
        kept.overlap_id,
        count(*) as profile_count
    from {{ ref('segment_membership') }} as segment_membership
    inner join {{ ref('profile_namespaces') }} as profile_namespaces
        on profile_namespaces.stitched_id = segment_membership.profile_id
    inner join kept
        on kept.namespaces = profile_namespaces.namespaces
    where profile_namespaces.stitching = 'whole_graph'
    group by segment_membership.segment_name, kept.overlap_id
)

select
    this_refresh.date_key,
    this_refresh.merge_policy_id,
    segment_overlaps.overlap_id,
    definitions.segment_id,
    segment_overlaps.segment_name,
    cast(segment_overlaps.profile_count as bigint) as profile_count
from segment_overlaps
inner join {{ ref('definitions') }} as definitions
    on definitions.segment_name = segment_overlaps.segment_name
cross join this_refresh
