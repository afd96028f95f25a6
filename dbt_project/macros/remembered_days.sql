{#- Of which day a row of a memory is, and what a refresh does with it; see daily_snapshots.sql. -#}

{#-
    Whether a refresh replaces a row, as a condition: that of its day, and those of days after it, which
    are none any more; the replay of a day only its own.
    Parameters: day, the column that says of which day the row is; period, the model whose `as_of_on` is
    the day of the refresh; where, a condition without which it adds nothing.
-#}
{% macro _is_replaced(day, period='refresh_period', where='true') -%}
    {{ day }} {{ '=' if as_of_day() else '>=' }}
    (select period.as_of_on from {{ ref(period) }} as period where {{ where }})
{%- endmacro %}

{#- Before an incremental model that is a memory itself adds its day. Parameters: those of _is_replaced. -#}
{% macro forget_this_day(day, period='refresh_period', where='true') -%}
    {%- if is_incremental() -%}
        delete from {{ this }} where {{ _is_replaced(day, period, where) }}
    {%- endif -%}
{%- endmacro %}

{#-
    The days that are published, as a query with a row per day: `date_key`, and `recorded_on`, the day
    whose rows it shows. That is the day itself where a refresh ended on it, else the last one before:
    what was known last stays true of a day that none ended on. So no trend has a hole, and nothing is
    kept twice. Of days before the first recorded one, and after the refresh, there are none; in a
    replay later ones may be known.
    Parameters: memory, what is kept; day, its column that says of which day a row is; where, which of
    its rows count.
-#}
{% macro published_days(memory, day, where='true') -%}
    select
        recorded_on,
        cast(unnest(generate_series(first_on, last_on, interval 1 day)) as date) as date_key
    from (
        select
            days.recorded_on,
            greatest(days.recorded_on, period.as_of_on - {{ var('published_days') }} + 1) as first_on,
            coalesce(lead(days.recorded_on) over (order by days.recorded_on) - 1, period.as_of_on) as last_on
        from (select distinct {{ day }} as recorded_on from {{ memory }} where {{ where }}) as days
        inner join {{ ref('refresh_period') }} as period
            on days.recorded_on <= period.as_of_on
    ) as spans
{%- endmacro %}

{#- The day of this refresh and the merge policy that profiles, value and segments follow, as a query. -#}
{% macro this_refresh() -%}
    select
        refresh_period.as_of_on as date_key,
        {{ id_of('merge_policies.policy') }} as merge_policy_id
    from {{ ref('refresh_period') }} as refresh_period
    cross join {{ ref('merge_policies') }} as merge_policies
    where merge_policies.is_default
{%- endmacro %}
