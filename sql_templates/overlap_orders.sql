-- title: Orders of overlaps
-- question: Which overlaps come first?
-- grain: One row per order. Feeds a selector.
-- chart: none, feeds a selector.
select
    'most' as option_value,
    'Most alike first' as option_label
union all
select
    'least' as option_value,
    'Least alike first' as option_label
order by option_value desc
