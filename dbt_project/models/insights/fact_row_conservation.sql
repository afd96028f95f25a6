with

row_conservation as (
    select
        source_system,
        entity,
        rows_read,
        rows_accepted,
        rows_set_aside
    from {{ ref('row_conservation') }}
)

select
    source_system,
    entity,
    cast(sum(rows_read) as bigint) as rows_read,
    cast(sum(rows_accepted) as bigint) as rows_accepted,
    cast(sum(rows_set_aside) as bigint) as rows_set_aside
from row_conservation
group by source_system, entity
