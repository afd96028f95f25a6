with

set_aside_rows as (
    select
        source_system,
        entity,
        reason,
        1 as row_count
    from {{ ref('set_aside_rows') }}
    union all
    -- Files that are not loaded because they repeat another have counts and no rows.
    select
        source_system,
        entity,
        'duplicate_file' as reason,
        rows_repeated as row_count
    from {{ ref('row_conservation') }}
    where rows_repeated > 0
)

select
    source_system,
    entity,
    reason,
    cast(sum(row_count) as bigint) as row_count
from set_aside_rows
group by source_system, entity, reason
