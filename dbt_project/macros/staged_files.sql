{#-
    operations.staged_<model>, written with a staging model's table, says of which parts of files and on
    which day it was made.
-#}

{% macro _parts_before() -%}
    select * exclude (staged_on, next_on)
    from operations.staged_{{ this.identifier }}
    where file_id is not null
{%- endmacro %}

{% macro _parts_in_landing() -%}
    {%- set read = source_table_of(this.identifier) -%}
    select
        file_id,
        source_file,
        content_hash,
        loaded_at,
        row_offset,
        is_deletes
    from operations.source_files
    where
        source_system = '{{ read.source_system }}'
        and source_table = '{{ read.source_table }}'
{%- endmacro %}

{#- After a staging model's table is written: what it was made of, and a row with the day, and with
    the next day on which a row is judged otherwise; null when no row waits for one. -#}
{% macro keep_staged_files() -%}
    create or replace table operations.staged_{{ this.identifier }} as
    select * from ({{ _parts_in_landing() }})
    union all by name
    select
        {{ today() }} as staged_on,
        min(waits_for) as next_on
    from (
        select cast(null as date) as waits_for
        {%- if execute %}
        {%- set use_until = source_table_of(this.identifier).use_until %}
        {%- if use_until %}
        union all
        select cast({{ dbt.dateadd('day', 1, "date '" ~ use_until ~ "'") }} as date) as waits_for
        where date '{{ use_until }}' >= {{ today() }}
        {%- endif %}
        {%- for instant in _instants() %}
        union all
        select min(cast({{ instant }} as date)) as waits_for
        from {{ this }}
        where {{ is_after_today(instant) }}
        {%- endfor %}
        {%- for birth in config.get('meta', {}).get('births', []) %}
        union all
        select min(try_cast({{ birth }} as date)) as waits_for
        from {{ source_table_of(this.identifier).relation }}
        where try_cast({{ birth }} as date) > {{ today() }}
        {%- endfor %}
        {%- endif %}
    ) as waiting
{%- endmacro %}

{#- The columns of the model's table that are compared with today. -#}
{% macro _instants() -%}
    {%- set found = [] -%}
    {%- for column in adapter.get_columns_in_relation(this) if column.dtype.startswith('TIMESTAMP') -%}
        {%- do found.append(column.name) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}
