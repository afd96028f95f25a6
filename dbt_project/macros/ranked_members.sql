{#-
    The text of the model that a ranking starts from: what there is to rank, a row per member, metric,
    category_type and category, with a value per window; a value is null without activity. Rows are
    kept per person, so that a refresh makes those of people with news, and everybody's when a month
    begins.
    Parameters: name, the entry of vars.rankings.
-#}
{% macro ranked_values(name) -%}
{%- set ranking = var('rankings')[name] -%}
{%- if ranking is not mapping -%}
    select '{{ name }}' as profile_id
{%- else -%}
{%- set months = ranking['look_back_months'] -%}
{%- set by_profile = [] -%}
{%- set by_row = [] -%}
{%- for category, definition in ranking['category_types'].items() -%}
    {%- do (by_row if definition['of'] == 'row' else by_profile).append(category) -%}
{%- endfor -%}
with

{% call reached() %}
    -- Of any other change of a profile the two rows say the same.
    select profile_id
    from {{ changed('profiles') }}
    group by profile_id, is_known
        {%- for category in by_profile %}, {{ ranking['category_types'][category]['column'] }}{% endfor %}
    having count(*) = 1
    {%- for metric, definition in ranking['metrics'].items() if _has_delta(definition['from']) %}
    union all
    select profile_id from {{ changed(definition['from']) }}
    {%- endfor %}
    union all
    {{ with_other_windows(ranking['running_month']) }}
{% endcall %}

profiles as (
    select
        profile_id,
        is_known
        {%- for category in by_profile %},
        coalesce(
            cast({{ ranking['category_types'][category]['column'] }} as string),
            '{{ ranking['category_types'][category]['otherwise'] }}'
        ) as {{ category }}
        {%- endfor %}
    from {{ part(ref('profiles'), ['profile_id']) }} as known_profiles
),

refresh_period as (
    select
        as_of_on,
        month_start_on
    from {{ ref('refresh_period') }}
),

{{ window_starts(months, ranking['running_month']) }},

{%- for metric, definition in ranking['metrics'].items() %}
{%- for category in by_row + ([none] if by_profile else []) %}

{# A measure of nothing is null, and that is how no activity shows. -#}
{{ metric }}_{{ category or 'profile' }}_values as (
    select
        measured.profile_id,
        {%- if category %}
        coalesce(
            cast(measured.{{ ranking['category_types'][category]['column'] }} as string),
            '{{ ranking['category_types'][category]['otherwise'] }}'
        ) as category,
        {%- endif %}
        {{ windowed_measures(
            'value', months, 'measured.' ~ definition['at'], definition['function'],
            definition['value'] | default('*'), definition['where'], definition['by'], definition['tie']
        ) }}
    from {{ part(ref(definition['from']), ['profile_id']) }} as measured
    cross join window_starts
    where measured.profile_id is not null
    group by 1{% if category %}, 2{% endif %}
),
{%- endfor %}
{%- endfor %}

{# Everybody known is a member of a category; who has activity without a customer record is one too,
   because otherwise the buckets would hold less than there is. -#}
members as (
    {%- for metric in ranking['metrics'] %}
    {%- set outer = loop %}
    {%- for category in by_profile + by_row %}
    {%- set found = 'found' if category in by_profile else metric ~ '_' ~ category ~ '_values' %}
    select
        {{ 'profiles' if category in by_profile else found }}.profile_id,
        '{{ metric }}' as metric,
        '{{ category }}' as category_type,
        {{ 'profiles.' ~ category if category in by_profile else found ~ '.category' }} as category,
        {%- for number in months + ['lifetime'] %}
        cast({{ found }}.value_{{ number }} as decimal(18, 2)) as value_{{ number }}
        {%- if not loop.last %},{% endif %}
        {%- endfor %}
    {%- if category in by_profile %}
    from profiles
    left join {{ metric }}_profile_values as found
        on profiles.profile_id = found.profile_id
    where profiles.is_known or found.profile_id is not null
    {%- else %}
    from {{ found }}
    {%- endif %}
    {%- if not (outer.last and loop.last) %}
    union all
    {%- endif %}
    {%- endfor %}
    {%- endfor %}
)

select
    members.*,
    cast(window_starts.window_end_at as date) as window_end_on
from members
cross join window_starts
{%- endif -%}
{%- endmacro %}

{#- Whether a model notes what its refreshes change. One that does not is built whole, and with it
    what reads it. -#}
{% macro _has_delta(model_name) -%}
    {{ return(execute and adapter.get_relation(
        database=target.database, schema='operations', identifier='delta_' ~ model_name
    ) is not none) }}
{%- endmacro %}

{#-
    The CTE `member_windows`: a row per member, metric, category and look-back with a value.
    It needs the CTEs ranked_values and windows.
    Parameters: ranking, an entry of vars.rankings; is_active, whether those with a value or those
    without.
-#}
{% macro member_windows(ranking, is_active=true) -%}
member_windows as (
    select *
    from (
        select
            ranked_values.profile_id,
            ranked_values.metric,
            ranked_values.category_type,
            ranked_values.category,
            windows.look_back,
            case
                when windows.months is null then ranked_values.value_lifetime
                {%- for number in ranking['look_back_months'] %}
                when windows.months = {{ number }} then ranked_values.value_{{ number }}
                {%- endfor %}
            end as metric_value
        from ranked_values
        cross join windows
    ) as valued
    where metric_value is {{ 'not ' if is_active }}null
)
{%- endmacro %}
