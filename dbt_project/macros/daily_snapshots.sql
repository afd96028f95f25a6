{#-
    Facts that remember. A model that is materialized `daily_snapshot` says what is true on the day of
    the refresh, in the column `date_key` or the one that `day` names. The rows of all days are kept in the warehouse, as
    `daily.<model>`:

    - a run over data that ends on the same day replaces that day; days after it are none any more;
    - the replay of a day (--as-of) replaces that day alone;
    - what a refresh found is `new`, and what it replaces is `replaced`, until the last gate lets it pass
      (orchestration/daily.py); one that never passes is taken back by the next, so nothing of it is
      ever published and nothing is lost by it;
    - nothing else is dropped: no rebuild drops a day, nor does another text of the model. A new column
      is null on earlier days; one that the model has no more stays in the memory.

    What is published is made from that: the rows of the last `published_days` days. A day that no
    refresh ended on shows those of the last one before (`published_days` in remembered_days.sql); by
    column `when_carried` says, as SQL, what it shows instead. A dimension that is materialized `lasting_dimension` keeps rows that
    nothing of today has, because earlier days refer to them. Each writes its memory in one transaction
    and what is published in another, since one writes to one database only; a run that is killed between
    them makes the model again.
-#}

{#-
    The rows of a memory that are published, as a query: of each day its own, or those of the last day
    before that was recorded.
    Parameters: memory, its relation; columns.
-#}
{% macro _published_rows(memory, columns) -%}
    {%- set day, counts = adapter.quote(_day()), "memory_state in ('kept', 'new')" -%}
    {%- set shown, held = ['days.date_key as ' ~ day], [] -%}
    {%- set carried = config.get('when_carried', {}) -%}
    {%- for column in columns if column != day -%}
        {%- set own, otherwise = 'remembered.' ~ column, carried.get(column | replace('"', '')) -%}
        {%- do held.append(own ~ ' is not null') -%}
        {%- set own_day = 'case when days.date_key = days.recorded_on then ' ~ own ~ ' else ' -%}
        {%- do shown.append(own_day ~ otherwise ~ ' end as ' ~ column if otherwise else own) -%}
    {%- endfor %}
    select {{ shown | join(', ') }}
    from {{ memory }} as remembered
    inner join ({{ published_days(memory, day, counts) }}) as days
        on remembered.{{ day }} = days.recorded_on
    where {{ counts }} and ({{ held | join(' or ') }})
{%- endmacro %}

{#- Where the rows of all days are. -#}
{% macro _memory() -%}
    {{ return(api.Relation.create(database=target.database, schema='daily', identifier=this.identifier)) }}
{%- endmacro %}

{#- The column that says of which day a row is. -#}
{% macro _day() -%}{{ config.get('day', 'date_key') }}{%- endmacro %}

{% materialization daily_snapshot, adapter='duckdb' %}
    {%- set memory = _memory() -%}
    {%- set columns = _begin_memory(memory, "'new' as memory_state", compiled_code) -%}
    {% call statement('forget') -%}
        delete from {{ memory }} where memory_state = 'new';
        update {{ memory }} set memory_state = 'kept' where memory_state = 'replaced';
        update {{ memory }} set memory_state = 'replaced' where {{ _is_replaced(_day()) }}
    {%- endcall %}
    {% call statement('remember') -%}
        insert into {{ memory }} by name select *, 'new' as memory_state from {{ _rows_now() }};
        -- A day without rows was looked at, too: a row with nothing but the day says so.
        insert into {{ memory }} by name
        select as_of_on as {{ adapter.quote(_day()) }}, 'new' as memory_state
        from {{ ref('refresh_period') }}
        where not exists (from {{ _rows_now() }})
    {%- endcall %}
    {{ return(_publish(_published_rows(memory, columns))) }}
{% endmaterialization %}

{#-
    Configuration: key, the columns that tell its rows apart; when_gone, by column what is published of a
    row that nothing of today has, as SQL.
-#}
{% materialization lasting_dimension, adapter='duckdb' %}
    {%- set memory, gone = _memory(), {} -%}
    {%- for column, value in config.get('when_gone', {}).items() -%}
        {%- do gone.update({adapter.quote(column): value}) -%}
    {%- endfor -%}
    {%- set columns = _begin_memory(memory, 'true as is_current', compiled_code) -%}
    {%- set key = config.require('key') | join(', ') -%}
    {% call statement('forget') -%}
        delete from {{ memory }} where ({{ key }}) in (select ({{ key }}) from {{ _rows_now() }})
    {%- endcall %}
    {% call statement('remember') -%}
        update {{ memory }} set is_current = false where is_current;
        insert into {{ memory }} by name select *, true as is_current from {{ _rows_now() }}
    {%- endcall %}
    {%- set shown = [] -%}
    {%- for column in columns -%}
        {%- set otherwise = 'case when is_current then ' ~ column ~ ' else ' ~ gone.get(column) ~ ' end as ' -%}
        {%- do shown.append((otherwise if column in gone else '') ~ column) -%}
    {%- endfor -%}
    {{ return(_publish('select ' ~ shown | join(', ') ~ ' from ' ~ memory)) }}
{% endmaterialization %}

{#- The temporary table with what the text of this model says now. -#}
{% macro _rows_now() -%}temp.rows_of_{{ this.identifier }}{%- endmacro %}

{#-
    Works out what the model says, and opens its memory in the transaction that is to add to it, with
    the columns that the model has now. Returns their names.
    Parameters: memory, its relation; mark, a column of its own, as SQL; sql, the model's text.
-#}
{% macro _begin_memory(memory, mark, sql) -%}
    {%- do run_hooks(pre_hooks, inside_transaction=False) -%}
    {#- Committed at once: models that are made side by side would all make it. -#}
    {%- do run_query('create schema if not exists ' ~ memory.without_identifier()) -%}
    {%- do run_hooks(pre_hooks, inside_transaction=True) -%}
    {%- if config.get('contract').enforced -%}
        {%- set as_the_contract_says = get_assert_columns_equivalent(sql) -%}
    {%- endif -%}
    {% call statement('rows_now') -%}
        create or replace temp table rows_of_{{ this.identifier }} as {{ sql }}
    {%- endcall %}
    {%- set now, known = _types_of(_rows_now()), {} -%}
    {%- if adapter.get_relation(memory.database, memory.schema, memory.identifier) is none -%}
        {% call statement('first') -%}
            create table {{ memory }} as select *, {{ mark }} from {{ _rows_now() }} limit 0
        {%- endcall %}
    {%- else -%}
        {%- do known.update(_types_of(memory)) -%}
    {%- endif -%}
    {%- set wanted, is_as_known = [], dict(known, **now) == known -%}
    {%- if known and not is_as_known -%}
        {%- if 'memory_state' in mark -%}
            {%- do _refuse_what_earlier_days_lack(memory, known, now) -%}
        {%- endif -%}
        {%- for name, type in dict(known, **now).items() -%}
            {%- do wanted.append('cast(' ~ (name if name in known else 'null') ~ ' as ' ~ type ~ ') as ' ~ name) -%}
        {%- endfor -%}
        {% call statement('as_it_is_now') -%}
            create or replace table {{ memory }} as select {{ wanted | join(', ') }} from {{ memory }}
        {%- endcall %}
    {%- endif -%}
    {{ return(now.keys() | list) }}
{%- endmacro %}

{#- The types of a table's columns by name, quoted. -#}
{% macro _types_of(relation) -%}
    {%- set types = {} -%}
    {%- for row in run_query('select column_name, column_type from (describe ' ~ relation ~ ')').rows -%}
        {%- do types.update({adapter.quote(row[0]): row[1]}) -%}
    {%- endfor -%}
    {{ return(types) }}
{%- endmacro %}

{#- Earlier days are null in a new column, so it can't promise to be filled. -#}
{% macro _refuse_what_earlier_days_lack(memory, known, now) -%}
    {%- set promised = [] -%}
    {%- for constraint in model.get('constraints', []) if constraint.type == 'primary_key' -%}
        {%- do promised.extend(constraint.columns) -%}
    {%- endfor -%}
    {%- for column in model.columns.values() if column.get('constraints') -%}
        {%- do promised.append(column.name) -%}
    {%- endfor -%}
    {%- for name in promised if adapter.quote(name) in now and adapter.quote(name) not in known -%}
        {%- if run_query(
            'select 1 from ' ~ memory ~ " where memory_state <> 'new' and not (" ~ _is_replaced(_day()) ~ ') limit 1'
        ).rows | length -%}
            {{ exceptions.raise_compiler_error(
                'The column ' ~ name ~ ' is new in ' ~ this.identifier ~ ', which remembers days without it. '
                ~ 'Take its constraint out of the YAML and it out of the key, so that it is empty on these days.'
            ) }}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}

{#- Ends the transaction of the memory and makes the table that is published. Parameter: sql, its rows. -#}
{% macro _publish(sql) -%}
    {%- set relation = this.incorporate(type='table') -%}
    {% do adapter.commit() %}
    {% call statement('main') -%}
        create or replace table {{ relation }} {{ get_table_columns_and_constraints() }};
        insert into {{ relation }} by name {{ sql }}
    {%- endcall %}
    {% do persist_docs(relation, model) %}
    {% do run_hooks(post_hooks, inside_transaction=True) %}
    {% do adapter.commit() %}
    {% do run_hooks(post_hooks, inside_transaction=False) %}
    {{ return({'relations': [relation]}) }}
{%- endmacro %}
