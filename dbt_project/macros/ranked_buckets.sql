{#-
    A ranking of `vars.rankings`, see docs/rankings.md: any measure by any category over any look-backs
    in equal buckets, 1 the best. Deciles, quartiles, ventiles and percentiles are this macro with
    another number.
    Parameters: name, the entry of vars.rankings; values and places, the models of `ranked_values` and
    `ranked_places` where the ranking has such. With them this is the text of a view: nearly every
    row of a ranking changes with any news, and the rows of those without activity say the least.
    Without them it is that of a table by itself.
-#}
{% macro ranked_buckets(name, values=none, places=none) -%}
{%- set ranking = var('rankings')[name] -%}
{%- if ranking is not mapping -%}
    select '{{ name }}' as profile_id
{%- else -%}
{%- set column = ranking['bucket_column'] -%}
with

ranked_values as (
    {% if values %}select * from {{ values }}{% else %}{{ ranked_values(name) }}{% endif %}
),

ranked_places as (
    {% if places %}select * from {{ places }}{% else %}{{ ranked_places(name, 'ranked_values') }}{% endif %}
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

{{ look_back_windows(ranking['look_back_months'], ranking['running_month']) }},

{# Nobody without activity takes a place. -#}
{{ member_windows(ranking, is_active=false) }},

member_counts as (
    select
        metric,
        category_type,
        category,
        look_back,
        max(member_count) as member_count
    from ranked_places
    group by metric, category_type, category, look_back
),

placed as (
    select
        profile_id,
        metric,
        category_type,
        category,
        look_back,
        metric_value,
        {{ column }},
        percentile,
        member_count,
        true as has_activity,
        is_held
    from ranked_places
    union all
    select
        member_windows.profile_id,
        member_windows.metric,
        member_windows.category_type,
        member_windows.category,
        member_windows.look_back,
        cast(0 as decimal(18, 2)) as metric_value,
        cast(null as int) as {{ column }},
        cast(null as double) as percentile,
        coalesce(member_counts.member_count, cast(0 as bigint)) as member_count,
        false as has_activity,
        false as is_held
    from member_windows
    left join member_counts
        on
            member_windows.metric = member_counts.metric
            and member_windows.category_type = member_counts.category_type
            and member_windows.category = member_counts.category
            and member_windows.look_back = member_counts.look_back
)

select
    placed.profile_id,
    placed.metric,
    placed.category_type,
    placed.category,
    placed.look_back,
    windows.window_from,
    windows.window_to,
    placed.metric_value,
    placed.{{ column }},
    placed.percentile,
    placed.member_count,
    placed.has_activity,
    placed.member_count < {{ ranking['buckets'] }} as is_small_category,
    refresh_period.as_of_on,
    '{{ ranking['rule'] }}' as tie_rule,
    placed.is_held
from placed
inner join windows
    on placed.look_back = windows.look_back
cross join refresh_period
{%- endif -%}
{%- endmacro %}

{#- Whether a metric of the deciles is an amount of money, as a condition. -#}
{% macro is_money(metric) -%}
    {%- set ranking = var('rankings')['deciles'] -%}
    {%- set metrics = ranking['metrics'] if ranking is mapping else {} -%}
    {%- set money = [] -%}
    {%- for name, definition in metrics.items() if definition['is_money'] -%}
        {%- do money.append("'" ~ name ~ "'") -%}
    {%- endfor -%}
    {%- if money -%}{{ metric }} in ({{ money | join(', ') }}){%- else -%}false{%- endif -%}
{%- endmacro %}
