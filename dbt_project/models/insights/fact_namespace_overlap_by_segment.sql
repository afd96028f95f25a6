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
),

pooled_overlaps as (
    select
        *,
        {{ is_pooled(
            'profile_count < ' ~ minimum_cell_size(), 'profile_count', ['segment_name'], 'overlap_id'
        ) }} as is_pooled
    from segment_overlaps
),

shown_overlaps as (
    select
        segment_name,
        case when is_pooled then 0 else overlap_id end as overlap_id,
        sum(profile_count) as profile_count
    from pooled_overlaps
    group by segment_name, case when is_pooled then 0 else overlap_id end
    having sum(profile_count) >= {{ minimum_cell_size() }}
)

select
    this_refresh.date_key,
    this_refresh.merge_policy_id,
    shown_overlaps.overlap_id,
    definitions.segment_id,
    shown_overlaps.segment_name,
    cast(shown_overlaps.profile_count as bigint) as profile_count
from shown_overlaps
inner join {{ ref('definitions') }} as definitions
    on definitions.segment_name = shown_overlaps.segment_name
cross join this_refresh
