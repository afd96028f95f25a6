-- Beside what may a measure stand?
-- One row per grouping of measure_by_group. Feeds a selector: option_value and option_label.
select
    'decile' as option_value,
    'Lifetime decile' as option_label
union all
select
    'dimension' as option_value,
    'Its dimension' as option_label
order by option_value asc
