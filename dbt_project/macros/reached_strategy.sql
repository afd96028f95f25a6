{#- How a refresh replaces rows, and what it says of them to the models after it; see refresh.sql. -#}

{#-
    The rows of a model that its last refresh took out (`is_after` false) and put in (true), without
    those that stayed the same. Empty after a whole build, which reaches whatever reads the model.
-#}
{% macro changed(model_name) -%}operations.delta_{{ model_name }}{%- endmacro %}

{#- Where the accepted rows of a staging model stand that its last refresh found elsewhere in their
    file (`row_before`, `source_row`), whether they have changed or not. -#}
{% macro moved(model_name) -%}operations.moved_{{ model_name }}{%- endmacro %}

{#-
    After a model's table is written: in a build its delta is empty, since nothing was compared; in
    one that was to be a refresh there is none, so that nobody takes it for one that found nothing. A
    layer built beside the real one (C360_SCHEMA_SUFFIX) has no readers, and so no delta.
-#}
{% macro begin_delta() -%}
    {%- if execute and _is_whole_after_all() -%}
        drop table if exists {{ changed(this.identifier) }}
    {%- elif execute and not is_refreshed() and not env_var('C360_SCHEMA_SUFFIX', '') and (
        config.get('unique_key') and config.get('incremental_strategy') == 'reached'
        or model.fqn[1] == 'staging'
    ) -%}
        create or replace table {{ changed(this.identifier) }} as
        select
            columns(lambda name: name not in ('{{ _not_compared() | join("', '") }}')),
            true as is_after
        from {{ this }}
        limit 0
        {%- if model.fqn[1] == 'staging' %};
            create or replace table {{ moved(this.identifier) }} as
            select source_file, source_row as row_before, source_row
            from {{ this }}
            limit 0
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{#-
    dbt's hook for the strategy `reached`. Rows of staging without a key are all reached where one is. An
    accepted one that only stands elsewhere in its file is no change: where one row goes out of a
    file that comes whole, all rows after it move up.
-#}
{% macro get_incremental_reached_sql(arg_dict) -%}
    {%- set target, rows_now = arg_dict['target_relation'], arg_dict['temp_relation'] -%}
    {%- set key = arg_dict['unique_key'] -%}
    {%- set columns = arg_dict['dest_columns'] | map(attribute='name') | list -%}
    {%- set compared = columns | reject('in', _not_compared()) | list -%}
    {%- set always = config.get('meta', {}).get('always_reached', 'false') | string | lower -%}
    {%- set is_staging = model.fqn[1] == 'staging' -%}
    {%- set is_all = always == 'true' or (is_staging and _is_all_changed()) -%}
    {%- set is_reached = 'true' if is_all else
        _is_reached(dict(zip(key, key)), is_staging) ~ ' or ' ~ always -%}
    {%- set said = compared -%}
    {%- if is_staging -%}
        {%- set said = compared | reject('equalto', 'source_row') | list
            + ['case when reject_reason is not null then source_row end'] -%}
    {%- endif -%}
    {%- set compared = compared | join(', ') -%}
    {%- set keys = key | join(', ') -%}
    {%- if config.get('full_refresh') is false -%}
    {#- A memory: what was said stays. -#}
    create or replace table {{ changed(target.identifier) }} as
    select {{ compared }}, true as is_after from {{ rows_now }};

    {% else -%}
    {#- Looked for once, and in the columns of the key alone; then wide rows are found by their place,
        which they keep as long as the transaction is open. -#}
    create or replace temp table places_{{ target.identifier }} as
    select rowid as place from {{ target }} where {{ is_reached }};

    create or replace table {{ changed(target.identifier) }} as
    with

    rows_before as (
        select {{ compared }}, {{ hash_of(said) }} as row_hash
        from {{ target }}
        where rowid in (select place from temp.places_{{ target.identifier }})
    ),

    rows_after as (
        select {{ compared }}, {{ hash_of(said) }} as row_hash from {{ rows_now }}
    ),

    -- Most of the rows that are reached are as they were, and rows are wide: a number tells. Where
    -- the same row stands there twice, all are named when their number changes.
    differing as (
        select row_hash, sum(side) as gained
        from (
            select {{ keys }}, row_hash, -1 as side from rows_before
            union all
            select {{ keys }}, row_hash, 1 as side from rows_after
        ) as sides
        group by {{ keys }}, row_hash
        having sum(side) <> 0
    )

    select {{ compared }}, false as is_after
    from rows_before
    semi join (select row_hash from differing where gained < 0) as gone using (row_hash)
    union all
    select {{ compared }}, true as is_after
    from rows_after
    semi join (select row_hash from differing where gained > 0) as put_in using (row_hash);

    {% if is_staging -%}
    create or replace table {{ moved(target.identifier) }} as
    select
        rows_before.source_file,
        rows_before.source_row as row_before,
        rows_after.source_row
    from {{ target }} as rows_before
    inner join {{ rows_now }} as rows_after using ({{ keys }}, source_file)
    where
        rows_before.rowid in (select place from temp.places_{{ target.identifier }})
        and rows_before.source_row <> rows_after.source_row
        and rows_before.reject_reason is null
        and rows_after.reject_reason is null;

    {% endif -%}
    delete from {{ target }} where rowid in (select place from temp.places_{{ target.identifier }});

    {% endif -%}
    insert into {{ target }} ({{ columns | join(', ') }})
    select {{ columns | join(', ') }} from {{ rows_now }}
{%- endmacro %}

{#- Columns in which a row may differ and still be unchanged for the models after it. -#}
{% macro _not_compared() -%}
    {{ return(config.get('meta', {}).get('not_compared', [])) }}
{%- endmacro %}
