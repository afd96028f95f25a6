{#-
    Build or refresh. A model's text says what is true of all rows. Plain dbt builds it whole. Where
    the environment variable C360_REFRESH names a model (several with blanks between), and its table
    is as the last good build left it, the same text runs over the rows that changed keys reach:

    1. `reached` notes the keys in a temporary table of the model's own connection;
    2. `part` is an input's rows with these keys, and in a build the input itself;
    3. the strategy `reached` (reached_strategy.sql) replaces the rows of these keys, and writes what
       has really changed to operations.delta_<model>, where the models after it look.

    A window or an aggregate needs all rows of its group, so the key of a part is the group's.

    Where the keys reach more of a model's rows than `meta.built_whole_above` says, as a share, it is
    built whole after all, which costs less then: when a month begins, everybody's windows move. It
    then has no delta, so no refreshed model may read one that says so.

    Inputs that are no more than tables built anew are named in `meta.reaches_through` where `reached`
    finds what their change reaches, such as rows that the clock has passed. With any other such input
    the model has to be built whole when that changes. A view is refreshed where all that it reads is;
    `reached` then asks the deltas of those.
-#}

{#- dbt's own hook: whether a model is built whole. What other models configure is left alone. -#}
{% macro should_full_refresh() -%}
    {%- set configured = config.get('full_refresh') -%}
    {%- if configured is not none -%}{{ return(configured) }}{%- endif -%}
    {%- if flags.FULL_REFRESH or config.get('incremental_strategy') != 'reached' -%}
        {{ return(flags.FULL_REFRESH) }}
    {%- endif -%}
    {{ return(not _is_to_be_refreshed() or _is_whole_after_all()) }}
{%- endmacro %}

{#- Whether this run refreshes the model, if it can. A replayed day changes more than keys can say. -#}
{% macro _is_to_be_refreshed() -%}
    {#- Not named in the call: they are no part of what the project is parsed with; and asked without
        `as_of_day`, because a model that calls that follows from the day. -#}
    {%- set refreshed, replayed = 'C360_REFRESH', 'C360_AS_OF' -%}
    {{ return(model.name in env_var(refreshed, '').split() and env_var(replayed, '') == '') }}
{%- endmacro %}

{#-
    Whether this model is refreshed. In a dbt unit test what the test says of `is_incremental`, if it
    gives `this`.
-#}
{% macro is_refreshed() -%}
    {%- if not execute or this is none -%}
        {{ return('') }}
    {%- elif model.resource_type == 'unit_test' -%}
        {{ return('refreshed' if is_incremental() else '') }}
    {%- elif config.get('incremental_strategy') != 'reached'
        or not _is_to_be_refreshed() or should_full_refresh() -%}
        {{ return('') }}
    {%- else -%}
        {{ return('refreshed' if load_relation(this) is not none else '') }}
    {%- endif -%}
{%- endmacro %}

{#- Whether `reached` has found that a refresh of this model reaches most of its rows. The text of the
    model says so, because dbt renders it before, and apart from, what builds its table. -#}
{% macro _is_whole_after_all() -%}
    {{ return(_whole_after_all() in (model.get('compiled_code') or '')) }}
{%- endmacro %}

{% macro _whole_after_all() -%}/* most rows are reached, so all are made */{%- endmacro %}

{#- Whether the keys reach more of this model's rows than are made one by one. -#}
{% macro _reaches_most() -%}
    {%- set most = config.get('meta', {}).get('built_whole_above') -%}
    {%- if most is none -%}{{ return(false) }}{%- endif -%}
    {%- set key = config.get('unique_key') -%}
    {{ return(run_query(
        'select count(*) filter (where ' ~ _is_reached(dict(zip(key, key)), false) ~ ') > '
        ~ most ~ ' * count(*) from ' ~ this
    ).rows[0][0]) }}
{%- endmacro %}

{#- The temporary table with the keys that a refresh of this model reaches. -#}
{% macro _reached_keys() -%}temp.reached_{{ this.identifier }}{%- endmacro %}

{#-
    Before the first CTE: which keys a refresh reaches, as `{% raw %}{% call reached() %}{% endraw %}`
    around a select. Nothing in a build.
-#}
{% macro reached() -%}
    {%- if not execute -%}
        {#- dbt learns here what is read. -#}
        {%- set read = caller() -%}
    {%- else -%}
        {%- if config.get('incremental_strategy') == 'reached' -%}
            {#- What an earlier run of this process has found is forgotten. -#}
            {%- do model.update({'compiled_code': none}) -%}
        {%- endif -%}
        {%- if is_refreshed() -%}{{ _reached_cte(caller()) }}{%- endif -%}
    {%- endif -%}
{%- endmacro %}

{% macro _reached_cte(keys) -%}
    {%- if model.resource_type == 'unit_test' -%}
        reached as (select distinct * from ({{ keys }})),
    {%- else -%}
        {%- do run_query(
            'create or replace temp table reached_' ~ this.identifier
            ~ ' as select distinct * from (' ~ keys ~ ')'
        ) -%}
        {%- if _reaches_most() -%}
            {%- do model.update({'compiled_code': _whole_after_all()}) -%}
            {{ _whole_after_all() }}
        {%- else -%}
            reached as (select * from {{ _reached_keys() }}),
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{#-
    What a model needs of an input: all of it in a build, in a refresh the rows with reached keys.
    Parameters: relation, a ref or a CTE; key, the columns that say so, or a mapping of the input's
    columns to what they are called where the keys are; of, the CTE with the keys, an input already
    taken in part where what it holds decides.
-#}
{% macro part(relation, key, of='reached') -%}
    {%- if is_refreshed() and key is mapping -%}
        (
            select * from {{ relation }} as whole
            semi join {{ of }} as keys
                on {% for ours, theirs in key.items() -%}
                    whole.{{ ours }} = keys.{{ theirs }} {{- '' if loop.last else ' and ' }}
                {%- endfor %}
        )
    {%- elif is_refreshed() -%}
        (select * from {{ relation }} semi join {{ of }} using ({{ key | join(', ') }}))
    {%- else -%}
        {{ relation }}
    {%- endif -%}
{%- endmacro %}

{#- Whether a row is reached, as a condition. Parameters: key, columns of the key with what they are
    in the row; with_keyless, whether rows without key are reached, all of them where one is: what is
    worked out over a group of rows is over theirs, too. -#}
{% macro _is_reached(key, with_keyless) -%}
    {%- set columns, values = key.keys() | list, key.values() | list -%}
    {%- set row = 'row' if columns | length > 1 else '' -%}
    {{ row }}({{ values | join(', ') }}) in (
        select {{ row }}({{ columns | join(', ') }}) from {{ _reached_keys() }}
        {% if with_keyless %}where source_file is null{% endif %}
    )
    {#- Asked first, because DuckDB reads all of a table for an `or` that finds nothing. -#}
    {%- if with_keyless and run_query('select count(source_file) from ' ~ _reached_keys()).rows[0][0] %}
        or {{ values | join(' is null or ') }} is null
    {%- endif -%}
{%- endmacro %}
