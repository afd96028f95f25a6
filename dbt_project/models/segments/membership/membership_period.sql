{#- What its own last runs have recorded, read as a table: the memory is written after. -#}
with

refresh_period as (
    select as_of_on
    from {{ ref('refresh_period') }}
),

recorded as (
    {{ as_last_run_left('segments', 'segment_sizes', {'as_of_on': 'date', 'computed_at': 'timestamp'}) }}
)

select
    refresh_period.as_of_on,
    max(recorded.as_of_on) filter (where recorded.as_of_on < refresh_period.as_of_on)
        as last_as_of_on,
    max(recorded.computed_at) filter (where recorded.as_of_on < refresh_period.as_of_on)
        as last_computed_at,
    {% if as_of_day() -%}
        -- What is known of later days follows from the days before.
        coalesce(max(recorded.as_of_on) <= refresh_period.as_of_on, true)
    {%- else -%}
        true
    {%- endif %} as is_recorded
from refresh_period
left join recorded
    on true
group by refresh_period.as_of_on
