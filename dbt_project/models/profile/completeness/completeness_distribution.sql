{#- Memory, see macros/remembered_days.sql. -#}
{{ config(
    materialized='incremental', incremental_strategy='append', full_refresh=false,
    pre_hook="{{ forget_this_day('as_of_on') }}"
) }}

with

counted as (
    select
        bucket,
        count(*) as profile_count,
        sum(completeness_percent) as completeness_percent
    from {{ ref('profile_completeness') }}
    group by bucket
)

-- A bucket that nobody is in is a row of zero.
select
    refresh_period.as_of_on,
    buckets.bucket,
    coalesce(counted.profile_count, 0) as profile_count,
    cast(counted.completeness_percent as double) / counted.profile_count as mean_percent
from {{ ref('completeness_buckets') }} as buckets
cross join {{ ref('refresh_period') }} as refresh_period
left join counted
    on counted.bucket = buckets.bucket
