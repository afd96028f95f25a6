{{ config(materialized='daily_snapshot') }}

with

this_refresh as (
    {{ this_refresh() }}
),

definitions as (
    select
        segment_id,
        segment_name
    from {{ ref('definitions') }}
    where state <> 'draft'
),

namespaces as (
    select
        namespace,
        {{ id_of('namespace') }} as namespace_id
    from {{ ref('identity_namespaces') }}
),

combinations as (
    select
        segment_membership.segment_name,
        profile_namespaces.namespaces,
        count(*) as profile_count
    from {{ ref('segment_membership') }} as segment_membership
    inner join {{ ref('profile_namespaces') }} as profile_namespaces
        on profile_namespaces.stitched_id = segment_membership.profile_id
    where profile_namespaces.stitching = 'whole_graph' and profile_namespaces.namespaces is not null
    group by segment_membership.segment_name, profile_namespaces.namespaces
),

namespace_counts as (
    select
        combinations.segment_name,
        said.word as namespace,
        sum(combinations.profile_count) as profile_count
    from combinations
    inner join {{ words_with_positions('combinations', 'segment_name, namespaces', 'namespaces') }} as said
        on
            said.segment_name = combinations.segment_name
            and said.namespaces = combinations.namespaces
    group by combinations.segment_name, said.word
)

select
    this_refresh.date_key,
    this_refresh.merge_policy_id,
    definitions.segment_id,
    definitions.segment_name,
    namespaces.namespace_id,
    namespaces.namespace,
    {{ unless_small('coalesce(namespace_counts.profile_count, 0)') }} as profile_count
from definitions
cross join namespaces
cross join this_refresh
left join namespace_counts
    on
        namespace_counts.segment_name = definitions.segment_name
        and namespace_counts.namespace = namespaces.namespace
