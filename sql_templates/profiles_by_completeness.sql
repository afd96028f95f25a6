-- title: Profiles by completeness
-- question: How complete are the profiles?
-- grain: One row per bucket of completeness, the latest day.
-- chart: columns of profile_count by bucket.
with

latest as (
    select max(date_key) as date_key
    from insights.fact_profile_completeness
)

select
    fact_profile_completeness.bucket,
    fact_profile_completeness.profile_count,
    cast(fact_profile_completeness.profile_count as double)
    / nullif(sum(fact_profile_completeness.profile_count) over (), 0) as profile_share,
    fact_profile_completeness.mean_percent
from insights.fact_profile_completeness
inner join latest on fact_profile_completeness.date_key = latest.date_key
order by fact_profile_completeness.bucket asc
