select
    source_system,
    source_table,
    staging_model,
    entity,
    rows_read,
    rows_accepted,
    rows_quarantined,
    rows_superseded,
    rows_set_aside
from {{ ref('row_conservation') }}
