{{ config(materialized='view') }}

with

columns_made as (
    select
        model,
        column_name,
        column_index,
        is_certain,
        reason
    from {{ source('ingest', 'lineage_columns') }}
    where column_name <> '*'
),

edges as (
    select
        model,
        column_name,
        from_table,
        from_column,
        kind
    from {{ source('ingest', 'lineage_edges') }}
),

-- What decides a model's rows decides all of its columns.
read_by_column as (
    select
        columns_made.model,
        columns_made.column_name,
        edges.from_table,
        edges.from_column,
        edges.kind
    from columns_made
    inner join edges
        on edges.model = columns_made.model and edges.column_name in (columns_made.column_name, '*')
    group by all
)

select
    read_by_column.model,
    read_by_column.column_name,
    read_by_column.from_table,
    read_by_column.from_column,
    read_by_column.kind,
    columns_made.is_certain,
    columns_made.reason
from read_by_column
inner join columns_made
    on
        columns_made.model = read_by_column.model
        and columns_made.column_name = read_by_column.column_name
order by
    read_by_column.model,
    columns_made.column_index,
    read_by_column.from_table,
    read_by_column.from_column,
    read_by_column.kind
