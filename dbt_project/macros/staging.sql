{#-
    What every staging model does alike: read an instant, refuse the future, name what is wrong with
    a row, tell repeated rows and older versions from the row to keep. docs/staging.md has the rules.
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

{#- True after the end of today, UTC, or of the day that is replayed. -#}
{% macro is_after_today(instant) -%}
    {{ instant }} >= {{ dbt.dateadd('day', 1, today()) }}
{%- endmacro %}

{#- A text as a birth date; null when there is no such day or it is yet to come. -#}
{% macro as_birth_date(text) -%}
    case
        when try_cast({{ text }} as date) between date '0001-01-01' and {{ today() }}
            then try_cast({{ text }} as date)
    end
{%- endmacro %}

{#-
    Two columns for a select list: `fault`, the reason of the first check that fits, and
    `fault_column`, the column of the landing view to blame.
    Parameters: checks, a list of (condition, reason, column or none) in the order in which they
    count. A row that deletes needs its key and its instant; what else it lacks is no fault. What
    lies after the day of a replay is no fault either: it had not happened yet. After the last day on
    which a source may be used (`use_until` in its YAML) no row of it goes further.
-#}
{% macro first_fault(checks) -%}
    {%- set use_until = source_table_of(this.identifier).use_until if execute and graph else '' -%}
    {%- if use_until -%}
        {%- set over = [today() ~ " > date '" ~ use_until ~ "'", 'use_expired', none] -%}
        {%- set checks = [over] + checks -%}
    {%- endif -%}
    case
        {%- for condition, reason, column in checks %}
            when {{ _counts_for(condition, reason) }}
                then '{{ 'after_clock' if reason == 'future_timestamp' and as_of_day() else reason }}'
        {%- endfor %}
        end as fault,
        case
        {%- for condition, reason, column in checks %}
            when {{ _counts_for(condition, reason) }}
                then {% if column %}'{{ column }}'{% else %}cast(null as string){% endif %}
        {%- endfor %}
        end as fault_column
{%- endmacro %}

{% macro _counts_for(condition, reason) -%}
    {%- if reason in ('use_expired', 'missing_key', 'invalid_timestamp', 'future_timestamp') -%}
        {{ condition }}
    {%- else -%}
        not coalesce(is_deleted, false) and ({{ condition }})
    {%- endif -%}
{%- endmacro %}

{#- The delivery that a file belongs to: its path without the folders Upserts and Deletes. -#}
{% macro delivery_of(source_file) -%}
    {{ regexp_replace_all(source_file, '(^|/)(Upserts|Deletes)/', '\\1') }}
{%- endmacro %}

{#-
    All rows of the CTE `rows`, each with `reject_reason` and `reject_column`, null for the one row
    of a key that is accepted. `rows` has the columns of `first_fault`, source_file, source_row and
    is_deleted. A fault is passed on; among the faultless rows of one key
    - `deleted_row` is all of them, when the newest one deletes;
    - `duplicate_row` is an exact repetition, of which the one in the latest file is kept;
    - `superseded_version` is all but the newest.
    Newest is by `newest_by`; at a tie the row that deletes, then the later delivery (the file's
    path without the folders Upserts and Deletes), then the row's text. The order of arrival never
    decides.
    Parameters:
        key: the columns of the entity's key.
        newest_by: the column that says how new a version is; source_file where none does, and then
            the delivery comes before the row that deletes.
        fold: true where the source is finer than the entity, such as orders read from invoice
            lines: the first row of a key by (source_file, source_row) stands for it, and the
            others are `folded_row`, whatever they repeat or supersede.
    Only rows whose key occurs twice enter the windows: at ten million rows this costs a third of a
    window over all of them.
-#}
{% macro judge_versions(rows, key, newest_by='source_file', fold=false) -%}
    {%- set key_columns = key | join(', ') -%}
    {%- set delivery = delivery_of('source_file') -%}
    {%- set newest_first -%}
        {%- if newest_by == 'source_file' -%}
            delivery desc nulls last, deletes desc, source_file desc nulls last
        {%- else -%}
            {{ newest_by }} desc nulls last, deletes desc, delivery desc nulls last,
                source_file desc nulls last
        {%- endif -%}
    {%- endset -%}
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
            {{ delivery }} as delivery,
            coalesce(is_deleted, false) as deletes,
            {% if fold -%}
                cast(null as string)
            {%- else -%}
                -- What a row says, apart from where it was read and whether it deletes.
                cast(to_json(struct_pack(*columns(* exclude (source_file, source_row, is_deleted)))) as string)
            {%- endif %} as row_text
        from {{ rows }}
        semi join repeated_keys using ({{ key_columns }})
        where fault is null
    )

    select
        *,
        cast(null as string) as delivery,
        coalesce(is_deleted, false) as deletes,
        cast(null as string) as row_text,
        fault as reject_reason,
        fault_column as reject_column
    from {{ rows }}
    where fault is not null
    union all
    select
        *,
        cast(null as string) as delivery,
        coalesce(is_deleted, false) as deletes,
        cast(null as string) as row_text,
        case when is_deleted then 'deleted_row' end as reject_reason,
        cast(null as string) as reject_column
    from {{ rows }}
    anti join repeated_keys using ({{ key_columns }})
    where fault is null
    union all
    select
        *,
        case
            when first_value(deletes) over (
                partition by {{ key_columns }}
                order by {{ newest_first }}{% if not fold %}, row_text{% endif %}
            ) then 'deleted_row'
            {% if fold -%}
            when row_number() over (
                partition by {{ key_columns }}
                order by deletes, source_file nulls last, source_row nulls last
            ) > 1 then 'folded_row'
            {%- else -%}
            when row_number() over (
                partition by {{ key_columns }}, row_text, deletes
                order by delivery desc nulls last, source_file desc nulls last, source_row nulls last
            ) > 1 then 'duplicate_row'
            -- rank, not row_number: copies tie, and all but one have been named above.
            when rank() over (
                partition by {{ key_columns }}
                order by {{ newest_first }}, row_text
            ) > 1 then 'superseded_version'
            {%- endif %}
        end as reject_reason,
        cast(null as string) as reject_column
    from repeated_rows
{%- endmacro %}
