{{ config(materialized='incremental', unique_key=['source_system', 'source_record_id']) }}

{% set record = ['source_system', 'source_record_id'] %}

with

{% call reached() %}
    {{ changed_statement_rows(record) }}
{% endcall %}

rows_of_files as (
    {{ statement_rows(record) }}
),

-- What was said before a key was deleted is gone with it.
since_deletion as (
    select
        *,
        max(generation) over (partition by source_system, source_record_id) as last_generation
    from rows_of_files
),

statements as (
    select
        source_system,
        source_record_id,
        said_at,
        source_file,
        place,
        unnest({{ json_entries('statements') }}) as entry
    from since_deletion
    where generation = last_generation and not deletes
)

select
    source_system,
    source_record_id,
    struct_extract(entry, 'key') as attribute,
    struct_extract(entry, 'value') as attribute_value,
    struct_extract(entry, 'value') is null as is_cleared,
    said_at,
    source_file
from statements
qualify row_number() over (
    partition by source_system, source_record_id, struct_extract(entry, 'key') order by place desc nulls last
) = 1
