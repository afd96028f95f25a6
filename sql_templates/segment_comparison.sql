-- title: Segment comparison
-- question: How do two segments differ in size, growth and kinds of identity?
-- grain: >-
--   One row per figure: people, the change of their number within the window, and people with
--   each kind of identity.
-- chart: a table, or value_a beside value_b by figure_label.
-- parameters:
--   merge_policy: {type: text, options: merge_policies, about: The merge policy; the default one when unset.}
--   segment_a: {type: text, options: segments, about: The first segment; every segment when unset.}
--   segment_b: {type: text, options: segments, about: The second segment; every other one when unset.}
--   days: {type: integer, default: 30, about: How many days back from the latest.}
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

sizes as (
    select
        dim_segment.segment_id,
        dim_segment.segment_name,
        dim_segment.title,
        fact_segment.profile_count
    from insights.fact_segment
    inner join latest
        on
            fact_segment.merge_policy_id = latest.merge_policy_id
            and fact_segment.date_key = latest.date_key
    inner join insights.dim_segment on fact_segment.segment_id = dim_segment.segment_id
),

first_segment as (
    select
        segment_id,
        title,
        profile_count
    from sizes
    where segment_name = coalesce(getvariable('segment_a'), segment_name)
    qualify row_number() over (order by profile_count desc, title asc) = 1
),

second_segment as (
    select
        sizes.segment_id,
        sizes.title,
        sizes.profile_count
    from sizes
    cross join first_segment
    where
        sizes.segment_name = coalesce(getvariable('segment_b'), sizes.segment_name)
        and (sizes.segment_id <> first_segment.segment_id or getvariable('segment_b') is not null)
    qualify row_number() over (order by sizes.profile_count desc, sizes.title asc) = 1
),

begun as (
    select
        fact_segment.segment_id,
        fact_segment.profile_count
    from insights.fact_segment
    inner join latest on fact_segment.merge_policy_id = latest.merge_policy_id
    where date_diff('day', fact_segment.date_key, latest.date_key) <= coalesce(getvariable('days'), 30)
    qualify
        row_number() over (
            partition by fact_segment.segment_id
            order by fact_segment.date_key asc
        ) = 1
),

figures as (
    select
        segment_id,
        1 as place,
        'People' as figure_label,
        profile_count as figure
    from sizes
    union all
    select
        sizes.segment_id,
        2 as place,
        'Change' as figure_label,
        sizes.profile_count - begun.profile_count as figure
    from sizes
    inner join begun on sizes.segment_id = begun.segment_id
    union all
    select
        fact_segment_by_namespace.segment_id,
        3 as place,
        'With ' || fact_segment_by_namespace.namespace as figure_label,
        fact_segment_by_namespace.profile_count as figure
    from insights.fact_segment_by_namespace
    inner join latest
        on
            fact_segment_by_namespace.merge_policy_id = latest.merge_policy_id
            and fact_segment_by_namespace.date_key = latest.date_key
),

compared as (
    select
        figures.place,
        figures.figure_label,
        cast(
            sum(case when figures.segment_id = first_segment.segment_id then figures.figure else 0 end)
            as bigint
        ) as value_a,
        cast(
            sum(case when figures.segment_id = second_segment.segment_id then figures.figure else 0 end)
            as bigint
        ) as value_b
    from figures
    cross join first_segment
    cross join second_segment
    where
        figures.segment_id = first_segment.segment_id
        or figures.segment_id = second_segment.segment_id
    group by figures.place, figures.figure_label
)

select
    first_segment.title as title_a,
    second_segment.title as title_b,
    compared.figure_label,
    compared.value_a,
    compared.value_b,
    compared.value_a - compared.value_b as difference
from compared
cross join first_segment
cross join second_segment
order by compared.place asc, compared.figure_label asc
