{{ config(materialized='daily_snapshot') }}

with

this_refresh as (
    {{ this_refresh() }}
),

-- There is one reporting currency; a test holds that.
currencies as (
    select min(currency) as currency
    from {{ ref('customer_attributes') }}
),

lifetime_deciles as (
    select
        profile_id,
        decile
    from {{ ref('deciles') }}
    where metric = 'net_revenue' and category_type = 'loyalty_tier' and look_back = 'lifetime'
),

-- Of a text only who has one is told: it may say anything.
measured as (
    select
        cast(null as string) as measure,
        cast(null as string) as unit,
        cast(null as boolean) as adds_up,
        cast(null as string) as profile_id,
        cast(null as string) as dimension,
        cast(null as string) as dimension_value,
        cast(null as decimal(18, 2)) as value
    {%- for measure in named_measures() %}
        union all
        select
            '{{ measure.name }}' as measure,
            '{{ measure.unit }}' as unit,
            {{ measure.adds_up }} as adds_up,
            {{ 'profile_id' if measure.is_of_people else 'cast(null as string)' }} as profile_id,
            '{{ measure.per | join(', ') or 'none' }}' as dimension,
            {% if measure.per -%}
                {%- for column in measure.per -%}
                    coalesce(cast({{ column }} as string), 'Unknown'){% if not loop.last %} || ', ' || {% endif %}
                {%- endfor -%}
            {%- else -%}
                'all'
            {%- endif %} as dimension_value,
            cast({{ 'null' if measure.unit == 'text' else measure.value }} as decimal(18, 2)) as value
        from {{ ref(measure.model) }}
        where {{ measure.value }} is not null
    {%- endfor %}
),

measure_totals as (
    select
        measured.measure,
        measured.unit,
        measured.dimension,
        measured.dimension_value,
        coalesce(lifetime_deciles.decile, 0) as decile,
        count(distinct measured.profile_id) as profile_count,
        sum(case when measured.adds_up then measured.value end) as total_value,
        avg(measured.value) as average_value
    from measured
    left join lifetime_deciles
        on measured.profile_id = lifetime_deciles.profile_id
    where measured.measure is not null
    group by
        measured.measure,
        measured.unit,
        measured.dimension,
        measured.dimension_value,
        coalesce(lifetime_deciles.decile, 0)
),

-- A person of several values of a dimension is one of the people of the decile.
measured_people as (
    select
        measured.measure,
        coalesce(lifetime_deciles.decile, 0) as decile,
        count(distinct measured.profile_id) as profile_count
    from measured
    left join lifetime_deciles
        on measured.profile_id = lifetime_deciles.profile_id
    where measured.measure is not null
    group by
        measured.measure,
        coalesce(lifetime_deciles.decile, 0)
)

select
    this_refresh.date_key,
    this_refresh.merge_policy_id,
    measure_totals.measure,
    measure_totals.dimension,
    measure_totals.dimension_value,
    measure_totals.decile,
    cast(measure_totals.profile_count as bigint) as profile_count,
    cast(measured_people.profile_count as bigint) as decile_profile_count,
    cast(measure_totals.total_value as decimal(18, 2)) as total_value,
    cast(measure_totals.average_value as decimal(18, 2)) as average_value,
    case when measure_totals.unit = 'money' then currencies.currency end as currency
from measure_totals
inner join measured_people
    on
        measure_totals.measure = measured_people.measure
        and measure_totals.decile = measured_people.decile
cross join this_refresh
cross join currencies
