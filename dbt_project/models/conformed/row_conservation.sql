with

accounted as (
    select
        source_system,
        source_table,
        coalesce(staging_model, '(none)') as staging_model,
        coalesce(entity, source_table) as entity,
        sum(rows_read) as rows_read,
        sum(rows_accepted) as rows_accepted,
        sum(rows_quarantined) as rows_quarantined,
        sum(rows_superseded) as rows_superseded,
        sum(rows_repeated) as rows_repeated
    from {{ source('ingest', 'row_accounting') }}
    -- What is meant to stay in landing is accounted for there.
    where coalesce(staging_model, '(none)') <> 'landing only'
    group by source_system, source_table, staging_model, entity
),

-- Accepted in staging, set aside here.
left_out as (
    select
        staging_model,
        count(*) as row_count
    from {{ ref('set_aside_rows') }}
    where layer = 'conformed'
    group by staging_model
),

conserved as (
    select
        accounted.*,
        coalesce(left_out.row_count, 0) as rows_left_out
    from accounted
    left join left_out
        on accounted.staging_model = left_out.staging_model
)

select
    source_system,
    source_table,
    staging_model,
    entity,
    cast(rows_read as bigint) as rows_read,
    cast(rows_accepted - rows_left_out as bigint) as rows_accepted,
    cast(rows_quarantined + rows_left_out as bigint) as rows_quarantined,
    cast(rows_superseded as bigint) as rows_superseded,
    cast(rows_repeated as bigint) as rows_repeated,
    cast(rows_quarantined + rows_left_out + rows_superseded as bigint) as rows_set_aside,
    cast(rows_read - rows_accepted - rows_quarantined - rows_superseded as bigint) as difference
from conserved
