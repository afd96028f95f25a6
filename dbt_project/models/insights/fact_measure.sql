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
    {%- endfor %} -- noqa: LT02
),

cells as (
    select
        measured.measure,
        measured.unit,
        measured.adds_up,
        measured.dimension,
        measured.dimension_value,
        coalesce(lifetime_deciles.decile, 0) as decile,
        count(distinct measured.profile_id) as profile_count,
        count(measured.value) as value_count,
        sum(measured.value) as total_value,
        -- What a company measures is nobody's, and is told as it is.
        max(case when measured.profile_id is not null then abs(measured.value) end) as largest_value
    from measured
    left join lifetime_deciles
        on measured.profile_id = lifetime_deciles.profile_id
    where measured.measure is not null
    group by 1, 2, 3, 4, 5, 6
),

-- A person of several values of a dimension is one of the people of the decile.
deciles as (
    select
        measured.measure,
        coalesce(lifetime_deciles.decile, 0) as decile,
        count(distinct measured.profile_id) as profile_count
    from measured
    left join lifetime_deciles
        on measured.profile_id = lifetime_deciles.profile_id
    where measured.measure is not null
    group by 1, 2
),

pooled_deciles as (
    select
        *,
        {{ is_pooled(
            'profile_count between 1 and ' ~ minimum_cell_size() ~ ' - 1', 'profile_count',
            ['measure'], 'decile desc'
        ) }} as is_pooled
    from deciles
),

shown_deciles as (
    select
        measure,
        decile,
        case when is_pooled then -1 else decile end as shown_decile,
        sum(profile_count) over (partition by measure, is_pooled, case when is_pooled then -1 else decile end)
            as profile_count
    from pooled_deciles
),

decile_cells as (
    select
        cells.measure,
        cells.unit,
        cells.adds_up,
        cells.dimension,
        cells.dimension_value,
        shown_deciles.shown_decile as decile,
        shown_deciles.profile_count as decile_profile_count,
        sum(cells.profile_count) as profile_count,
        sum(cells.value_count) as value_count,
        sum(cells.total_value) as total_value,
        max(cells.largest_value) as largest_value
    from cells
    inner join shown_deciles
        on
            cells.measure = shown_deciles.measure
            and cells.decile = shown_deciles.decile
    group by 1, 2, 3, 4, 5, 6, 7
),

-- Within a decile, so that the deciles keep all that is theirs.
pooled_values as (
    select
        *,
        {{ is_pooled(
            'profile_count between 1 and ' ~ minimum_cell_size() ~ ' - 1', 'profile_count',
            ['measure', 'decile'], 'dimension_value'
        ) }} as is_pooled
    from decile_cells
),

measure_totals as (
    select
        measure,
        unit,
        adds_up,
        dimension,
        case when is_pooled and dimension <> 'none' then 'Other' else dimension_value end
            as dimension_value,
        decile,
        decile_profile_count,
        sum(profile_count) as profile_count,
        sum(value_count) as value_count,
        sum(total_value) as total_value,
        max(largest_value) as largest_value
    from pooled_values
    group by 1, 2, 3, 4, 5, 6, 7
    having not sum(profile_count) between 1 and {{ minimum_cell_size() }} - 1
),

steps as (
    select
        *,
        {{ rounding_step('largest_value', ['measure']) }} as step
    from measure_totals
),

rounded as (
    select
        *,
        {{ controlled_rounding('total_value', 'step', ['measure'], 'dimension_value, decile') }}
            as rounded_value
    from steps
)

select
    this_refresh.date_key,
    this_refresh.merge_policy_id,
    rounded.measure,
    rounded.dimension,
    rounded.dimension_value,
    cast(rounded.decile as int) as decile,
    cast(rounded.profile_count as bigint) as profile_count,
    cast(rounded.decile_profile_count as bigint) as decile_profile_count,
    case when rounded.adds_up then rounded.rounded_value end as total_value,
    cast(rounded.rounded_value / nullif(rounded.value_count, 0) as decimal(18, 2)) as average_value,
    case when rounded.unit = 'money' then currencies.currency end as currency
from rounded
cross join this_refresh
cross join currencies
