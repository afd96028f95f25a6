{#-
    CTEs of a ranking up to `member_windows`: what there is to rank, a row per member, metric,
    category and look-back; `metric_value` is null without activity.
    Parameters: ranking, an entry of vars.rankings.
-#}
{% macro ranked_members(ranking) -%}
{%- set months = ranking['look_back_months'] -%}
{%- set by_profile = [] -%}
{%- set by_row = [] -%}
{%- for category, definition in ranking['category_types'].items() -%}
    {%- do (by_row if definition['of'] == 'row' else by_profile).append(category) -%}
{%- endfor -%}
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
    from {{ ref('profiles') }}
),

look_backs as (
    select
        look_back,
        months
    from {{ ref('look_backs') }}
),

refresh_period as (
    select
        as_of_on,
        month_start_on
    from {{ ref('refresh_period') }}
),

{{ look_back_windows(months, ranking['running_month']) }},

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
    from {{ ref(definition['from']) }} as measured
    cross join window_starts
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
    {%- if category in by_profile %}
    select
        profiles.profile_id,
        '{{ metric }}' as metric,
        '{{ category }}' as category_type,
        profiles.{{ category }} as category,
        {%- for number in months %}
        found.value_{{ number }},
        {%- endfor %}
        found.value_lifetime
    from profiles
    left join {{ metric }}_profile_values as found
        on profiles.profile_id = found.profile_id
    where profiles.is_known or found.profile_id is not null
    {%- else %}
    select
        profile_id,
        '{{ metric }}' as metric,
        '{{ category }}' as category_type,
        category,
        {%- for number in months %}
        value_{{ number }},
        {%- endfor %}
        value_lifetime
    from {{ metric }}_{{ category }}_values
    {%- endif %}
    {%- if not (outer.last and loop.last) %}
    union all
    {%- endif %}
    {%- endfor %}
    {%- endfor %}
),

member_windows as (
    select
        members.profile_id,
        members.metric,
        members.category_type,
        members.category,
        windows.look_back,
        windows.window_from,
        windows.window_to,
        cast(
            case
                when windows.months is null then members.value_lifetime
                {%- for number in months %}
                when windows.months = {{ number }} then members.value_{{ number }}
                {%- endfor %}
            end as decimal(18, 2)
        ) as metric_value
    from members
    cross join windows
),
{%- endmacro %}
