with

uploaded_records as (
    select * from {{ ref('uploaded_records') }}
),

counted as (
    select
        source_system,
        source_file,
        said_at,
        is_deletion,
        count(*) as received_count,
        count(*) filter (where effect = 'new') as new_count,
        count(*) filter (where effect = 'updated') as updated_count,
        count(*) filter (where effect = 'unchanged') as unchanged_count,
        count(*) filter (where effect = 'deleted') as deleted_count
    from uploaded_records
    group by source_system, source_file, said_at, is_deletion
)

-- Files are in the order in which their rows were compared (macros/statements.sql).
select
    source_system,
    source_file,
    said_at,
    cast(row_number() over (
        partition by source_system
        order by
            {{ said_by('source_file') }} asc nulls first, is_deletion asc, source_file asc nulls first
    ) as bigint) as upload_number,
    received_count,
    new_count,
    updated_count,
    unchanged_count,
    deleted_count,
    cast(sum(new_count - deleted_count) over (
        partition by source_system
        order by
            {{ said_by('source_file') }} asc nulls first, is_deletion asc, source_file asc nulls first
        rows between unbounded preceding and current row
    ) as bigint) as total_count
from counted
