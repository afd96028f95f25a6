{{ config(
    materialized='incremental', unique_key=['source_system', 'source_record_id'],
    meta={'not_compared': []}
) }}

{% set record = ['source_system', 'source_record_id'] %}

with

{% call reached() %}
    {{ changed_statement_rows(record) }}
{% endcall %}

rows_of_files as (
    {{ statement_rows(record) }}
),

statements as (
    select
        source_system,
        source_record_id,
        generation,
        place,
        unnest({{ json_entries('statements') }}) as entry
    from rows_of_files
    where not deletes
),

compared as (
    select
        source_system,
        source_record_id,
        place,
        struct_extract(entry, 'value') as attribute_value,
        lag(struct_extract(entry, 'value')) over (
            partition by source_system, source_record_id, generation, struct_extract(entry, 'key')
            order by place asc nulls last
        ) as value_before
    from statements
),

changes as (
    select distinct
        source_system,
        source_record_id,
        place
    from compared
    where attribute_value is distinct from value_before
),

judged as (
    select
        rows_of_files.*,
        changes.place is not null as is_change,
        -- None before, or a deletion.
        coalesce(lag(rows_of_files.deletes) over (
            partition by rows_of_files.source_system, rows_of_files.source_record_id
            order by rows_of_files.place asc nulls last
        ), true) as was_unknown
    from rows_of_files
    left join changes
        on
            changes.source_system = rows_of_files.source_system
            and changes.source_record_id = rows_of_files.source_record_id
            and changes.place = rows_of_files.place
)

select
    source_system,
    source_record_id,
    source_file,
    said_at,
    deletes as is_deletion,
    case
        when deletes and was_unknown then 'unchanged'
        when deletes then 'deleted'
        when was_unknown then 'new'
        when is_change then 'updated'
        else 'unchanged'
    end as effect
from judged
