with

clock_days as (
    select
        active_on,
        is_usual
    from {{ ref('clock_days') }}
),

as_of as (
    {%- if as_of_day() %}
        select {{ today() }} as as_of_on
    {%- else %}
        -- An empty warehouse needs a clock too.
        select coalesce(max(active_on), date '1970-01-01') as as_of_on
        from clock_days
        -- What is yet to come moves nothing, also where a staging model lets it pass.
        where is_usual and active_on <= {{ today() }}
    {%- endif %}
)

select
    cast(
        cast({{ dbt.dateadd('day', 1, 'as_of_on') }} as timestamp) - interval 1 microsecond as timestamp
    ) as as_of_at,
    as_of_on,
    cast({{ dbt.date_trunc('month', 'as_of_on') }} as date) as month_start_on
from as_of
