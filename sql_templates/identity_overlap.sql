-- title: Two identities
-- question: How many people have two kinds of identity, and how many have both?
-- grain: One row.
-- note: >-
--   The sum of all combinations that hold both. Combinations that are told together are not in
--   it.
-- chart: a card per figure.
-- parameters:
--   namespace: {type: text, options: namespaces, about: The first by name when unset.}
--   other_namespace: {type: text, options: namespaces, about: The second by name when unset.}
--   merge_policy: {type: text, options: merge_policies, about: The default one when unset.}
with

policy as (
    select merge_policy_id
    from insights.dim_merge_policy
    where
        merge_policy_name = getvariable('merge_policy')
        or (getvariable('merge_policy') is null and is_default)
),

ranked as (
    select
        namespace,
        row_number() over (order by namespace asc) as place
    from insights.dim_namespace
),

chosen as (
    select
        coalesce(getvariable('namespace'), max(namespace) filter (where place = 1)) as namespace_a,
        coalesce(
            getvariable('other_namespace'), max(namespace) filter (where place = 2)
        ) as namespace_b
    from ranked
),

held as (
    select
        dim_namespace_overlap.overlap_id,
        bool_or(dim_namespace.namespace = chosen.namespace_a) as has_a,
        bool_or(dim_namespace.namespace = chosen.namespace_b) as has_b
    from insights.dim_namespace_overlap
    inner join policy on dim_namespace_overlap.merge_policy_id = policy.merge_policy_id
    inner join insights.dim_namespace
        on dim_namespace_overlap.namespace_id = dim_namespace.namespace_id
    cross join chosen
    group by dim_namespace_overlap.overlap_id
),

daily as (
    select
        fact_namespace_overlap.date_key,
        fact_namespace_overlap.overlap_id,
        fact_namespace_overlap.profile_count
    from insights.fact_namespace_overlap
    inner join policy on fact_namespace_overlap.merge_policy_id = policy.merge_policy_id
),

latest as (
    select
        overlap_id,
        profile_count
    from daily
    qualify date_key = max(date_key) over ()
)

select
    cast(coalesce(sum(latest.profile_count) filter (where held.has_a), 0) as bigint)
        as profile_count_a,
    cast(coalesce(sum(latest.profile_count) filter (where held.has_b), 0) as bigint)
        as profile_count_b,
    cast(coalesce(sum(latest.profile_count) filter (where held.has_a and held.has_b), 0) as bigint)
        as shared_count,
    cast(sum(latest.profile_count) filter (where held.has_a and held.has_b) as double)
    / nullif(sum(latest.profile_count) filter (where held.has_a or held.has_b), 0) as jaccard
from latest
inner join held on latest.overlap_id = held.overlap_id
