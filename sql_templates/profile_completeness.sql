-- title: Completeness of profiles
-- question: How complete are the profiles?
-- grain: One row per bucket of the share of attributes that are filled, the least first.
-- chart: columns of profile_count by bucket_label.
with

latest as (
    select max(date_key) as date_key
    from insights.fact_profile_completeness
)

select
    replace(fact_profile_completeness.bucket, '-', ' to ') || ' %' as bucket_label,
    fact_profile_completeness.profile_count,
    cast(fact_profile_completeness.profile_count as double)
    / nullif(sum(fact_profile_completeness.profile_count) over (), 0) as profile_share,
    fact_profile_completeness.mean_percent / 100 as mean_completeness
from insights.fact_profile_completeness
inner join latest on fact_profile_completeness.date_key = latest.date_key
order by fact_profile_completeness.bucket asc
