-- title: Identity at a glance
-- question: By how many identities are people known?
-- grain: One row.
-- note: >-
--   namespaces_per_profile counts a person once in each kind of identity.
-- chart: a card per figure.
-- parameters:
--   merge_policy: {type: text, options: merge_policies, about: The default one when unset.}
with

policy as (
    select merge_policy_id
    from insights.dim_merge_policy
    where
        merge_policy_name = getvariable('merge_policy')
        or (getvariable('merge_policy') is null and is_default)
),

daily as (
    select
        fact_profile.date_key,
        fact_profile.profile_count,
        fact_profile.single_identity_profile_count,
        fact_profile.record_count
    from insights.fact_profile
    inner join policy on fact_profile.merge_policy_id = policy.merge_policy_id
),

latest as (
    select
        date_key,
        profile_count,
        single_identity_profile_count,
        record_count
    from daily
    qualify date_key = max(date_key) over ()
),

identities as (
    select cast(sum(fact_profile_by_namespace.profile_count) as bigint) as identity_count
    from insights.fact_profile_by_namespace
    inner join policy on fact_profile_by_namespace.merge_policy_id = policy.merge_policy_id
    inner join latest on fact_profile_by_namespace.date_key = latest.date_key
)

select
    latest.record_count,
    latest.profile_count,
    latest.single_identity_profile_count,
    cast(latest.record_count as double) / nullif(latest.profile_count, 0) as records_per_profile,
    cast(latest.single_identity_profile_count as double)
    / nullif(latest.profile_count, 0) as single_identity_share,
    cast(identities.identity_count as double)
    / nullif(latest.profile_count, 0) as namespaces_per_profile
from latest
cross join identities
