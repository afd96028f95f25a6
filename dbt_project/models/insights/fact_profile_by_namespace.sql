{{ config(materialized='daily_snapshot') }}

with

combinations as (
    select
        stitching,
        namespaces,
        count(*) as profile_count,
        count(*) filter (where identity_count = 1) as single_identity_profile_count
    from {{ ref('profile_namespaces') }}
    where namespaces is not null
    group by stitching, namespaces
),

namespaces as (
    select
        namespace,
        {{ id_of('namespace') }} as namespace_id
    from {{ ref('identity_namespaces') }}
),

namespace_counts as (
    select
        combinations.stitching,
        said.word as namespace,
        sum(combinations.profile_count) as profile_count,
        sum(combinations.single_identity_profile_count) as single_identity_profile_count
    from combinations
    inner join {{ words_with_positions('combinations', 'stitching, namespaces', 'namespaces') }} as said
        on
            said.stitching = combinations.stitching
            and said.namespaces = combinations.namespaces
    group by combinations.stitching, said.word
)

-- A namespace nobody has is a row of zero: that nothing is connected shows only then.
select
    refresh_period.as_of_on as date_key,
    {{ id_of('merge_policies.policy') }} as merge_policy_id,
    namespaces.namespace_id,
    namespaces.namespace,
    {{ unless_small('coalesce(namespace_counts.profile_count, 0)') }} as profile_count,
    {{ unless_small('coalesce(namespace_counts.single_identity_profile_count, 0)') }}
        as single_identity_profile_count
from namespaces
cross join {{ ref('refresh_period') }} as refresh_period
cross join {{ ref('merge_policies') }} as merge_policies
left join namespace_counts
    on
        namespace_counts.stitching = merge_policies.stitching
        and namespace_counts.namespace = namespaces.namespace
