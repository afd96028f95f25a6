{#-
    What every staging model does alike: read an instant, refuse the future, tell repeated rows and
    older versions from the row to keep. The order of the reasons is in docs/staging.md.
-#}

{#-
    A text as a UTC timestamp; null when it is none or lies before the second day of 1970, because
    year 1, 1899 and the epoch's first day are what programs write for "no date" (and `infinity` is
    a timestamp to the database).
-#}
{% macro as_instant(text) -%}
    case
        when {{ to_utc_timestamp(text) }}
            between timestamp '1970-01-02 00:00:00' and timestamp '9999-12-31 23:59:59'
            then {{ to_utc_timestamp(text) }}
    end
{%- endmacro %}

{#- True after the end of today, UTC. -#}
{% macro is_after_today(instant) -%}
    {{ instant }} >= {{ dbt.dateadd('day', 1, 'current_date') }}
{%- endmacro %}

{#- A text as a birth date; null when there is no such day or it is yet to come. -#}
{% macro as_birth_date(text) -%}
    case
        when try_cast({{ text }} as date) between date '0001-01-01' and current_date
            then try_cast({{ text }} as date)
    end
{%- endmacro %}

{#- The columns of the row in the query around it as one text, apart from where the row was read. -#}
{% macro row_text() -%}{{ return(adapter.dispatch('row_text')()) }}{%- endmacro %}
{% macro duckdb__row_text() -%}
    cast(to_json(struct_pack(*columns(* exclude (source_file)))) as string)
{%- endmacro %}

{#-
    All rows of the CTE `rows` with `reject_reason`: its own column `fault` where that says
    something; among the faultless rows of one key `duplicate_row` for exact repetitions and
    `superseded_version` for all but the newest. Newest is by `newest_by`, then the later file
    name, then the row's text, so the choice never depends on the order of arrival.
    Only rows whose key occurs twice enter the windows: at ten million rows this costs a third of a
    window over all of them.
-#}
{% macro judge_versions(rows, key, newest_by) -%}
    {%- set key_columns = key | join(', ') -%}
    with

    repeated_keys as (
        select {{ key_columns }}
        from {{ rows }}
        where fault is null
        group by {{ key_columns }}
        having count(*) > 1
    ),

    repeated_rows as (
        select
            *,
            {{ row_text() }} as row_text
        from {{ rows }}
        semi join repeated_keys using ({{ key_columns }})
        where fault is null
    )

    select
        *,
        cast(null as string) as row_text,
        fault as reject_reason
    from {{ rows }}
    where fault is not null
    union all
    select
        *,
        cast(null as string) as row_text,
        cast(null as string) as reject_reason
    from {{ rows }}
    anti join repeated_keys using ({{ key_columns }})
    where fault is null
    union all
    select
        *,
        case
            when row_number() over (
                partition by {{ key_columns }}, row_text
                order by source_file desc nulls last
            ) > 1 then 'duplicate_row'
            -- rank, not row_number: copies tie, and all but one have been named above.
            when rank() over (
                partition by {{ key_columns }}
                order by {{ newest_by }} desc nulls last, source_file desc nulls last, row_text
            ) > 1 then 'superseded_version'
        end as reject_reason
    from repeated_rows
{%- endmacro %}
