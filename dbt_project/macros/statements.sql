{#- What keyed attribute files say, row by row. A staging model over one lists the column `statements`. -#}

{#- The day in a file's name, as UTC midnight; null where it names none. -#}
{% macro said_at(source_file) -%}
    {{ as_instant("regexp_extract(" ~ source_file ~ ", '20[0-9]{2}-[0-9]{2}-[0-9]{2}')") }}
{%- endmacro %}

{#- What orders keyed files: the day in the name, those without before all others, and the delivery. -#}
{% macro said_by(source_file) -%}
    (regexp_extract({{ source_file }}, '20[0-9]{2}-[0-9]{2}-[0-9]{2}') || ' ' || {{ delivery_of(source_file) }})
{%- endmacro %}

{#-
    The rows of all keyed attribute files that count, in a refresh those of reached keys, each with
    its `place` among the rows of its key, `deletes`, and `generation`: how often the key had been
    deleted by then. The order is that of their staging models: what `said_by` says, the deletion last.
    Parameter: key, the columns of a record's key.
-#}
{% macro statement_rows(key) -%}
    {%- set selects, keys = [], key | join(', ') -%}
    {%- for staging_model in var('entity_sources')['customer_records'] -%}
        {%- set staged = ref(staging_model) -%}
        {%- if 'statements' in columns_of_model(staging_model) -%}
            {%- do selects.append(
                'select ' ~ keys ~ ', statements, said_at, source_file from '
                ~ part(staged, key) ~ ' where ' ~ _is_statement()
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set newest_last -%}
        partition by {{ keys }}
        order by
            {{ said_by('source_file') }} asc nulls first, statements is null asc,
            source_file asc nulls first
    {%- endset -%}
    select
        {{ keys }},
        statements,
        said_at,
        source_file,
        statements is null as deletes,
        row_number() over ({{ newest_last }}) as place,
        sum(case when statements is null then 1 else 0 end) over (
            {{ newest_last }}
            rows between unbounded preceding and current row
        ) as generation
    from (
        {{ selects | join(' union all ') or 'select ' ~ _no_statement(key) ~ ' where false' }}
    ) as staged
{%- endmacro %}

{#- The keys of such rows that have changed. Older versions of a key count as well as the newest. -#}
{% macro changed_statement_rows(key) -%}
    {%- set selects, keys = [], key | join(', ') -%}
    {%- for staging_model in var('entity_sources')['customer_records'] -%}
        {%- if 'statements' in columns_of_model(staging_model) -%}
            {%- do selects.append('select ' ~ keys ~ ' from ' ~ changed(staging_model)) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ selects | join('\n    union all\n    ')
        or 'select ' ~ keys ~ ' from (select ' ~ _no_statement(key) ~ ') as nothing where false' }}
{%- endmacro %}

{#- What a model says of a faultless row: it is the one of its key, or a newer one is. -#}
{% macro _is_statement() -%}
    coalesce(reject_reason, 'superseded_version') in (
        'superseded_version', 'duplicate_row', 'deleted_row'
    )
{%- endmacro %}

{% macro _no_statement(key) -%}
    {%- for column in key %}cast(null as string) as {{ column }}, {% endfor -%}
    cast(null as string) as statements, cast(null as timestamp) as said_at,
    cast(null as string) as source_file
{%- endmacro %}
