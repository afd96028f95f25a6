{{ config(materialized='lasting_dimension', key=['measure']) }}

with

measures as (
    select
        cast(null as string) as measure,
        cast(null as string) as measure_name,
        cast(null as string) as unit,
        cast(null as string) as dimension
    {%- for measure in named_measures() %}
        union all
        select
            '{{ measure.name }}' as measure,
            '{{ dbt.escape_single_quotes(measure.title) }}' as measure_name,
            '{{ measure.unit }}' as unit,
            '{{ measure.per | join(', ') or 'none' }}' as dimension
    {%- endfor %}
)

select
    measure,
    measure_name,
    unit,
    dimension
from measures
where measure is not null
