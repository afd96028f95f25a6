-- title: Profiles by identity
-- question: How many people are known, and by which kinds of identity?
-- grain: One row per namespace, the one with most people first.
-- note: A person counts in each of theirs, so the shares add up to more than 1.
-- chart: bars of profile_count by namespace, profile_share as label.
with

latest as (
    select max(date_key) as date_key
    from insights.fact_profile_by_namespace
)

select
    dim_namespace.namespace,
    dim_namespace.kind,
    fact_profile_by_namespace.profile_count,
    cast(fact_profile_by_namespace.profile_count as double)
    / nullif(fact_profile.profile_count, 0) as profile_share
from insights.fact_profile_by_namespace
inner join latest on fact_profile_by_namespace.date_key = latest.date_key
inner join insights.fact_profile on fact_profile_by_namespace.date_key = fact_profile.date_key
inner join insights.dim_namespace
    on fact_profile_by_namespace.namespace = dim_namespace.namespace
order by fact_profile_by_namespace.profile_count desc, dim_namespace.namespace asc
