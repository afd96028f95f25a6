-- title: Mapped segments by identity
-- question: >-
--   Which of the segments that go to a destination hold most people with a kind of identity?
-- grain: One row per namespace and segment, most people first.
-- chart: bars of profile_count by title.
-- parameters:
--   merge_policy: {type: text, options: merge_policies, about: The merge policy; the default one when unset.}
--   namespace: {type: text, options: namespaces, about: The kind of identity; every kind when unset.}
--   rows: {type: integer, default: 5, about: Most rows.}
with

latest as (
    select
        fact_profile.merge_policy_id,
        max(fact_profile.date_key) as date_key
    from insights.fact_profile
    inner join insights.dim_merge_policy
        on fact_profile.merge_policy_id = dim_merge_policy.merge_policy_id
    where
        dim_merge_policy.merge_policy_name = getvariable('merge_policy')
        or (getvariable('merge_policy') is null and dim_merge_policy.is_default)
    group by fact_profile.merge_policy_id
),

mapped as (
    select distinct segment_id
    from insights.segment_destination
),

ranked as (
    select
        fact_segment_by_namespace.namespace,
        dim_segment.title,
        fact_segment_by_namespace.profile_count,
        row_number() over (
            partition by fact_segment_by_namespace.namespace
            order by fact_segment_by_namespace.profile_count desc, dim_segment.title asc
        ) as place
    from insights.fact_segment_by_namespace
    inner join latest
        on
            fact_segment_by_namespace.merge_policy_id = latest.merge_policy_id
            and fact_segment_by_namespace.date_key = latest.date_key
    inner join insights.dim_segment
        on fact_segment_by_namespace.segment_id = dim_segment.segment_id
    left join mapped on fact_segment_by_namespace.segment_id = mapped.segment_id
    where
        mapped.segment_id is not null
        and fact_segment_by_namespace.namespace
        = coalesce(getvariable('namespace'), fact_segment_by_namespace.namespace)
)

select
    namespace,
    title,
    profile_count
from ranked
where place <= coalesce(getvariable('rows'), 5)
order by namespace asc, place asc
