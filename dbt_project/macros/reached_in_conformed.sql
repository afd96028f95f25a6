{#- Which rows of conformed are reached by what more than one key can say. -#}

{#-
    The columns of the accepted rows that have changed in the staging models of an entity.
    Parameters: entity; columns; listed, a column that not every staging model has: only of those
    whose YAML lists it.
-#}
{% macro changed_staged(entity, columns, listed=none) -%}
    {%- set selects = [] -%}
    {%- for staging_model in var('entity_sources')[entity] | default([]) -%}
        {%- if listed is none or listed in columns_of_model(staging_model) -%}
            {%- do selects.append(
                'select ' ~ columns | join(', ') ~ ' from ' ~ changed(staging_model)
                ~ ' where reject_reason is null'
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ selects | join('\n    union all\n    ') or 'select null as ' ~ columns | join(', null as ') ~ ' where false' }}
{%- endmacro %}

{#-
    The keys of accepted rows between the newest instant of this model and the clock: the clock has
    passed them, or gone back behind them. No row of the model lies after the clock of before, so
    what waited then lies after its newest.
-#}
{% macro passed_by_clock(entity, key, instant) -%}
    select {{ key | join(', ') }}
    from (
        {{ union_staged(entity, key + [instant]) }}
    ) as staged
    cross join (
        select
            clock.as_of_at,
            coalesce(
                (select max({{ instant }}) from {{ this }}), timestamp '0001-01-01 00:00:00'
            ) as newest
        from {{ ref('refresh_period') }} as clock
    ) as bounds
    where
        {{ instant }} > least(bounds.newest, bounds.as_of_at)
        and {{ instant }} <= greatest(bounds.newest, bounds.as_of_at)
{%- endmacro %}

{#-
    Whose rows in a relation are of systems that have got their first customer record or lost their
    last: what they are was judged otherwise before. How many records a system had follows from the
    delta.
-#}
{% macro visitors_that_changed_sides(relation) -%}
    select source_system, source_record_id
    from {{ relation }}
    where source_system in (
        select source_system
        from (
            select source_system, count(*) as records_now, 0 as records_gained
            from {{ ref('customer_records') }}
            group by source_system
            union all
            select source_system, 0, sum(case when is_after then 1 else -1 end)
            from {{ changed('customer_records') }}
            group by source_system
        ) as counts
        group by source_system
        having (sum(records_now) = 0) <> (sum(records_now) - sum(records_gained) = 0)
    )
{%- endmacro %}

{#- Where the accepted rows of an entity stand whose keys have changed in any of some models. -#}
{% macro staged_rows_of(entity, key, models) -%}
    {%- for staging_model in var('entity_sources')[entity] | default([]) %}
        select source_file, source_row
        from {{ ref(staging_model) }}
        semi join (
            {%- for model in models %}
            select source_system, {{ key | join(', ') }} from {{ changed(model.identifier) }}
            {% if not loop.last %}union all{% endif %}
            {%- endfor %}
        ) as changed_keys using (source_system, {{ key | join(', ') }})
        where reject_reason is null
        {% if not loop.last %}union all{% endif %}
    {%- else %}
        select null as source_file, null as source_row where false
    {%- endfor %}
{%- endmacro %}
