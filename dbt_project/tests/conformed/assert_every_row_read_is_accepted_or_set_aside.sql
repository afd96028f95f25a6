-- Nothing is dropped silently: what the source files hold is what the tables and the quarantine
-- hold. A positive difference is a lost row, a negative one a row that a join has multiplied.
select
    source_system,
    entity,
    rows_read,
    rows_accepted,
    rows_set_aside,
    difference
from {{ ref('row_conservation') }}
where difference <> 0
