{#- What a refresh of a staging model reads of landing; staged_files.sql has what it was made of. -#}

{#-
    What a staging model reads: its source table, and in a refresh its rows of the reached keys.
    Reached are the keys of rows, of before and of now, in files that are new, changed or gone; where
    a file has only grown, of the rows that were added. On another day also those of rows with an
    instant or a birth date that lay after today and does not any more, and when the last day of use of
    a source is over all. Rows without key are all reached where one is.
    The instants are the model's columns of that type; the columns of landing that are read as birth
    dates it names in `config.meta.births`.
    Parameters:
        relation: the source.
        key: the columns of the key as in judge_versions, each with what it is in landing.
-#}
{% macro landed(relation, key) -%}
    {%- if is_refreshed() -%}
        {%- if _is_all_changed() -%}
            {{ relation }}
        {%- else -%}
            {%- do run_query(_changed_in_landing()) -%}
            {%- do run_query(_reached_in_landing(relation, key)) -%}
            {%- do run_query(_places_in_landing(relation, key)) -%}
            (
                select * from {{ relation }}
                semi join temp.landed_{{ this.identifier }} using (source_file, source_row)
            )
        {%- endif -%}
    {%- else -%}
        {{ relation }}
    {%- endif -%}
{%- endmacro %}

{#- The files of which something is new, changed or gone, and how many rows before that stayed. -#}
{% macro _changed_in_landing() -%}
    create or replace temp table changed_{{ this.identifier }} as
    with

    parts_before as (
        {{ _parts_before() }}
    ),

    parts_now as (
        {{ _parts_in_landing() }}
    )

    -- An id may have belonged to another file. A server's rows are only taken out of the end of its
    -- last part, where the next one begins.
    select
        source_file,
        min(row_offset) as rows_before
    from (
        (select * from parts_before except select * from parts_now)
        union all
        (select * from parts_now except select * from parts_before)
    ) as changed_parts
    group by source_file
{%- endmacro %}

{#- Whether no part of a file has stayed, as where a source is one file that comes whole: then all
    rows are reached, and nobody asks for their keys. -#}
{% macro _is_all_changed() -%}
    {%- set stayed -%}
        select count(*) from ({{ _parts_before() }} intersect {{ _parts_in_landing() }}) as stayed
    {%- endset -%}
    {{ return(run_query(stayed).rows[0][0] == 0) }}
{%- endmacro %}

{#- Where the rows of landing that a refresh reads stand: in what has changed all, elsewhere those that
    staging has with reached keys. Looking for these in landing would read all of its texts. -#}
{% macro _places_in_landing(relation, key) -%}
    {%- set columns = key.keys() | list -%}
    create or replace temp table landed_{{ this.identifier }} as
    select source_file, source_row
    from (select * from {{ this }} where {{ _is_reached(dict(zip(columns, columns)), true) }}) as staged
    left join temp.changed_{{ this.identifier }} as changed using (source_file)
    where changed.rows_before is null or staged.source_row <= changed.rows_before
    union all
    select source_file, source_row
    from {{ relation }}
    inner join temp.changed_{{ this.identifier }} using (source_file)
    where source_row > rows_before
{%- endmacro %}

{% macro _reached_in_landing(relation, key) -%}
    {%- set columns = key.keys() | join(', ') -%}
    {%- set landed_key -%}
        {%- for column, value in key.items() %}{{ value }} as {{ column }}, {% endfor -%}
    {%- endset -%}
    create or replace temp table reached_{{ this.identifier }} as
    with

    days as (
        select
            coalesce(least(max(staged_on), {{ today() }}), {{ today() }}) as first_day,
            coalesce(greatest(max(staged_on), {{ today() }}), {{ today() }}) as last_day
        from operations.staged_{{ this.identifier }}
    ),

    found as (
        select {{ columns }}, source_file
        from {{ this }}
        inner join temp.changed_{{ this.identifier }} using (source_file)
        where source_row > rows_before
        union all
        select {{ landed_key }} source_file
        from {{ relation }}
        inner join temp.changed_{{ this.identifier }} using (source_file)
        where source_row > rows_before
        {%- set use_until = source_table_of(this.identifier).use_until %}
        {%- if use_until %}
        union all
        select {{ columns }}, source_file
        from {{ this }}
        where
            date '{{ use_until }}' >= (select first_day from days)
            and date '{{ use_until }}' < (select last_day from days)
        {%- endif %}
        {%- for instant in _instants() %}
        union all
        select {{ columns }}, source_file
        from {{ this }}
        where
            {{ instant }} >= (select first_day + interval 1 day from days)
            and {{ instant }} < (select last_day + interval 1 day from days)
        {%- endfor %}
        {%- for birth in config.get('meta', {}).get('births', []) %}
        union all
        select {{ landed_key }} source_file
        from {{ relation }}
        where
            try_cast({{ birth }} as date) > (select first_day from days)
            and try_cast({{ birth }} as date) <= (select last_day from days)
        {%- endfor %}
    )

    select distinct
        {%- for column in key %}
        case when {{ key.keys() | join(' is not null and ') }} is not null then {{ column }} end
            as {{ column }},
        {%- endfor %}
        case when {{ key.keys() | join(' is null or ') }} is null then source_file end as source_file
    from found
{%- endmacro %}
