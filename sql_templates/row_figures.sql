-- title: Rows at a glance
-- question: How many rows were read, and how many were used?
-- grain: One row.
-- chart: a card per figure.
select
    cast(sum(rows_read) as bigint) as read_count,
    cast(sum(rows_accepted) as bigint) as accepted_count,
    cast(sum(rows_set_aside) as bigint) as set_aside_count,
    cast(sum(rows_quarantined) as bigint) as quarantined_count,
    cast(sum(rows_accepted) as double) / nullif(sum(rows_read), 0) as accepted_share,
    count(*) as table_count
from insights.fact_row_conservation
