with

set_aside_rows as (
    select
        source_system,
        entity,
        reason
    from {{ ref('set_aside_rows') }}
)

select
    source_system,
    entity,
    reason,
    cast(count(*) as bigint) as row_count
from set_aside_rows
group by source_system, entity, reason
