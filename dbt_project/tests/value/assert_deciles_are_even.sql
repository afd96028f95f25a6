-- A decile is a tenth: within a category and window the buckets differ by one member at most, all
-- ten are filled, and only those are in none of them who are too few or share one amount.
with

buckets as (
    select
        metric,
        category_type,
        category,
        look_back,
        decile,
        count(*) as profile_count,
        count(distinct metric_value) as value_count,
        max(member_count) as member_count,
        bool_or(is_held or tie_rule <> 'ntile') as is_uneven
    from {{ ref('deciles') }}
    where has_activity
    group by metric, category_type, category, look_back, decile
),

categories as (
    select
        metric,
        category_type,
        category,
        look_back,
        count(decile) as bucket_count,
        max(decile) as last_decile,
        min(profile_count) filter (where decile is not null) as smallest,
        max(profile_count) filter (where decile is not null) as largest,
        coalesce(sum(profile_count) filter (where decile is null), 0) as without_decile,
        max(value_count) filter (where decile is null) as value_count,
        sum(profile_count) as profile_count,
        max(member_count) as member_count,
        bool_or(is_uneven) as is_uneven
    from buckets
    group by metric, category_type, category, look_back
)

select
    metric,
    category_type,
    category,
    look_back,
    bucket_count,
    smallest,
    largest,
    without_decile,
    member_count
from categories
where
    profile_count <> member_count
    or (member_count < 10 and bucket_count > 0)
    or (
        without_decile > 0
        and (
            (value_count > 1 and member_count >= 10)
            or not {{ is_without_spread('without_decile', 'member_count', 10) }}
        )
    )
    or (
        not is_uneven
        and without_decile = 0
        and (largest - smallest > 1 or bucket_count <> 10 or last_decile <> bucket_count)
    )
