-- title: Single identity by identity
-- question: Of which kind is the one identity of those who have a single one?
-- grain: One row per namespace, most people first.
-- chart: bars of single_identity_profile_count by namespace.
-- parameters:
--   merge_policy: {type: text, options: merge_policies, about: The merge policy; the default one when unset.}
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

ranked as (
    select
        fact_profile_by_namespace.namespace,
        fact_profile_by_namespace.single_identity_profile_count,
        row_number() over (
            order by
                fact_profile_by_namespace.single_identity_profile_count desc,
                fact_profile_by_namespace.namespace asc
        ) as place
    from insights.fact_profile_by_namespace
    inner join latest
        on
            fact_profile_by_namespace.merge_policy_id = latest.merge_policy_id
            and fact_profile_by_namespace.date_key = latest.date_key
)

select
    namespace,
    single_identity_profile_count
from ranked
where place <= coalesce(getvariable('rows'), 5)
order by place asc
