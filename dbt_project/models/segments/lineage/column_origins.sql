{{ config(materialized='view') }}

with

columns_made as (
    select
        model,
        column_name,
        column_index,
        is_certain_throughout,
        made_of,
        decided_by
    from {{ source('ingest', 'lineage_columns') }}
),

-- What decides a model's rows decides all of its columns.
sets_followed as (
    select
        model,
        column_name,
        made_of as origins_id,
        'value' as kind
    from columns_made
    union all
    select
        model,
        column_name,
        decided_by as origins_id,
        'decision' as kind
    from columns_made
    union all
    select
        columns_made.model,
        columns_made.column_name,
        rows_made.decided_by as origins_id,
        'decision' as kind
    from columns_made
    inner join columns_made as rows_made
        on rows_made.model = columns_made.model and rows_made.column_name = '*'
),

followed_by_column as (
    select
        sets_followed.model,
        sets_followed.column_name,
        origins.from_table as source_table,
        origins.from_column as source_column,
        sets_followed.kind
    from sets_followed
    inner join {{ source('ingest', 'lineage_origins') }} as origins
        on origins.origins_id = sets_followed.origins_id
    where sets_followed.column_name <> '*'
    group by all
)

select
    followed_by_column.model,
    followed_by_column.column_name,
    followed_by_column.source_table,
    followed_by_column.source_column,
    followed_by_column.kind,
    columns_made.is_certain_throughout as is_certain
from followed_by_column
inner join columns_made
    on
        columns_made.model = followed_by_column.model
        and columns_made.column_name = followed_by_column.column_name
order by
    followed_by_column.model,
    columns_made.column_index,
    followed_by_column.source_table,
    followed_by_column.source_column,
    followed_by_column.kind
