-- Nothing is dropped silently: what the source files hold is what staging has accepted or set aside
-- with a reason. A positive difference is a lost row, a negative one a row that was multiplied.
select
    source_system,
    staging_model,
    entity,
    rows_read,
    rows_accepted,
    rows_set_aside,
    difference
from {{ ref('row_conservation') }}
where difference <> 0
