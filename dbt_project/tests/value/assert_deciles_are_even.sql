-- A decile is a tenth: within a category and window the buckets differ by one member at most, and
-- as many are filled as there are members to fill them.
with

buckets as (
    select
        metric,
        category_type,
        category,
        look_back,
        decile,
        count(*) as profile_count,
        max(member_count) as member_count,
        bool_or(is_held or tie_rule <> 'ntile') as is_uneven
    from {{ ref('deciles') }}
    where decile is not null
    group by metric, category_type, category, look_back, decile
),

categories as (
    select
        metric,
        category_type,
        category,
        look_back,
        count(*) as bucket_count,
        max(decile) as last_decile,
        min(profile_count) as smallest,
        max(profile_count) as largest,
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
    member_count
from categories
where
    profile_count <> member_count
    or (
        not is_uneven
        and (
            largest - smallest > 1
            or bucket_count <> least(10, member_count)
            or last_decile <> bucket_count
        )
    )
