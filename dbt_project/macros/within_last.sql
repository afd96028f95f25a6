{#-
    Whether an instant lies within the last days, hours or months before the refresh, as a condition: the
    window ends with the clock of the data, so the same data give the same answer whenever they are
    looked at. A missing instant does not.
    Parameters: instant; count and unit (`day`, `hour`, `month` …).
-#}
{% macro within_last(instant, count, unit) -%}
    {%- set clock = '(select clock.as_of_at from ' ~ ref('refresh_period') ~ ' as clock)' -%}
    coalesce({{ instant }} > {{ dbt.dateadd(unit, -count, clock) }} and {{ instant }} <= {{ clock }}, false)
{%- endmacro %}
