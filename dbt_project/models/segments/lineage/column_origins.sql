{{ config(materialized='view') }}

with

columns_made as (
    select
        model,
        column_name,
        column_index,
        is_certain_throughout
    from {{ source('ingest', 'lineage_columns') }}
    where column_name <> '*'
),

origins as (
    select
        model,
        column_name,
        from_table,
        from_column,
        kind
    from {{ source('ingest', 'lineage_origins') }}
),

-- What decides a model's rows decides all of its columns.
followed_by_column as (
    select
        columns_made.model,
        columns_made.column_name,
        origins.from_table,
        origins.from_column,
        origins.kind
    from columns_made
    inner join origins
        on
            origins.model = columns_made.model
            and origins.column_name in (columns_made.column_name, '*')
    group by all
)

select
    followed_by_column.model,
    followed_by_column.column_name,
    followed_by_column.from_table as source_table,
    followed_by_column.from_column as source_column,
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
    followed_by_column.from_table,
    followed_by_column.from_column,
    followed_by_column.kind desc
