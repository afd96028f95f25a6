-- title: Identity at a glance
-- question: By how many identities are people known?
-- grain: One row.
-- note: >-
--   namespaces_per_profile counts a person once in each kind of identity.
-- chart: a card per figure.
with

latest as (
    select max(date_key) as date_key
    from insights.fact_profile
),

identities as (
    select cast(sum(fact_profile_by_namespace.profile_count) as bigint) as identity_count
    from insights.fact_profile_by_namespace
    inner join latest on fact_profile_by_namespace.date_key = latest.date_key
)

select
    fact_profile.record_count,
    fact_profile.profile_count,
    fact_profile.single_identity_profile_count,
    cast(fact_profile.record_count as double)
    / nullif(fact_profile.profile_count, 0) as records_per_profile,
    cast(fact_profile.single_identity_profile_count as double)
    / nullif(fact_profile.profile_count, 0) as single_identity_share,
    cast(identities.identity_count as double)
    / nullif(fact_profile.profile_count, 0) as namespaces_per_profile
from insights.fact_profile
inner join latest on fact_profile.date_key = latest.date_key
cross join identities
