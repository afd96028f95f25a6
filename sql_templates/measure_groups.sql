-- title: Groups of a measure
-- question: Beside what may a measure stand?
-- grain: One row per grouping of measure_by_group.
-- chart: none, it feeds a selector.
with

measure_groups as (
    select
        'decile' as option_value,
        'Lifetime decile' as option_label
    union all
    select
        'dimension' as option_value,
        'Its dimension' as option_label
)

select
    option_value,
    option_label
from measure_groups
order by option_value asc
