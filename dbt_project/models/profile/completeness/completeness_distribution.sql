{#-
    Memory. A run over data that ends on the same day replaces its rows; so does the replay of a day. Days
    after the clock are none any more.
-#}
{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        full_refresh=false,
        pre_hook="{% if is_incremental() %}
            delete from {{ this }}
            where as_of_on {{ '=' if as_of_day() else '>=' }} (
                select as_of_on from {{ ref('refresh_period') }}
            )
        {% endif %}"
    )
}}

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
