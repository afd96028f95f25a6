{#- The day that `c360 run --as-of` or C360_AS_OF names, as text; empty without one. -#}
{% macro as_of_day() -%}
    {%- set day = env_var('C360_AS_OF', '') -%}
    {%- if day and not modules.re.fullmatch('[0-9]{4}-[0-9]{2}-[0-9]{2}', day) -%}
        {{ exceptions.raise_compiler_error("C360_AS_OF is no day like 2026-11-01.") }}
    {%- endif -%}
    {{ return(day) }}
{%- endmacro %}

{#-
    Today, UTC, as a date: the only place that asks what day it is. With a day to replay it is that
    day, so that the same data and the same day give the same rows.
-#}
{% macro today() -%}
    {%- if as_of_day() -%}cast('{{ as_of_day() }}' as date){%- else -%}current_date{%- endif -%}
{%- endmacro %}

{#- Whether an instant lies after the clock, as a condition; a missing one does not. -#}
{% macro is_after_clock(instant) -%}
    coalesce({{ instant }} > (select clock.as_of_at from {{ ref('refresh_period') }} as clock), false)
{%- endmacro %}
