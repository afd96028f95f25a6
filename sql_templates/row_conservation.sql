-- title: Rows read and kept
-- question: What became of each source table's rows?
-- grain: One row per source table, by system and table.
-- chart: a table.
select
    replace(source_system, '_', ' ') as source_label,
    source_table,
    rows_read,
    rows_accepted,
    rows_quarantined,
    rows_superseded,
    rows_set_aside,
    cast(rows_accepted as double) / nullif(rows_read, 0) as accepted_share
from insights.fact_row_conservation
order by source_system asc, source_table asc
