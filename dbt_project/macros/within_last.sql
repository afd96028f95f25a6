{#-
    Whether an instant lies within the last days, hours or months before the refresh, as a condition: the
    window ends with the clock of the data, so the same data give the same answer whenever they are
    looked at. A missing instant does not.
    Parameters: instant; count and unit (`day`, `hour`, `month` …); but_not_last, the count of the same
    units that is left out at the end, as in the last 90 days but not the last 30.
-#}
{% macro within_last(instant, count, unit, but_not_last=0) -%}
    {%- set clock = '(select clock.as_of_at from ' ~ ref('refresh_period') ~ ' as clock)' -%}
    coalesce(
        {{ instant }} > {{ dbt.dateadd(unit, -count, clock) }}
        and {{ instant }} <= {{ dbt.dateadd(unit, -but_not_last, clock) if but_not_last else clock }},
        false
    )
{%- endmacro %}
