-- Nobody in a better decile has a lower amount than somebody in the next: 1 is the best, always,
-- but for members whom a margin at the boundary holds where they were.
with

buckets as (
    select
        metric,
        category_type,
        category,
        look_back,
        decile,
        min(metric_value) as lowest_value,
        max(metric_value) as highest_value
    from {{ ref('deciles') }}
    where decile is not null and not is_held
    group by metric, category_type, category, look_back, decile
)

select
    better.metric,
    better.category,
    better.look_back,
    better.decile,
    better.lowest_value,
    worse.highest_value as highest_value_of_next
from buckets as better
inner join buckets as worse
    on
        better.metric = worse.metric
        and better.category_type = worse.category_type
        and better.category = worse.category
        and better.look_back = worse.look_back
        and better.decile + 1 = worse.decile
where better.lowest_value < worse.highest_value
