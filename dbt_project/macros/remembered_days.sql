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

{#- Whether a day is published, as a condition. In a replay later ones may be known. -#}
{% macro is_published(day) -%}
    {{ day }} <= (select period.as_of_on from {{ ref('refresh_period') }} as period)
    and {{ day }} > (
        select {{ dbt.dateadd('day', '-' ~ var('published_days'), 'period.as_of_on') }}
        from {{ ref('refresh_period') }} as period
    )
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
