{#-
    A ranking of `vars.rankings`, see docs/value.md: any measure by any category over any look-backs
    in equal buckets, 1 the best. Deciles, quartiles, ventiles and percentiles are this macro with
    another number.
    Parameters: name, the entry of vars.rankings.
    All windows of a measure cost one pass over its rows, then there is one ranking for everything.
-#}
{% macro ranked_buckets(name) -%}
{%- set ranking = var('rankings')[name] -%}
{%- if ranking is not mapping -%}
    select '{{ name }}' as profile_id
{%- else -%}
{%- set buckets = ranking['buckets'] -%}
{%- set column = ranking['bucket_column'] -%}
{%- set rule = ranking['rule'] -%}
{%- set hysteresis = ranking['hysteresis'] | default(0) -%}
{%- if rule not in ('ntile', 'equal_together') -%}
    {{ exceptions.raise_compiler_error(
        "vars.rankings." ~ name ~ ".rule is '" ~ rule ~ "'. It is ntile or equal_together; see docs/value.md."
    ) }}
{%- endif -%}
with

{{ ranked_members(ranking) }}

{# Nulls come last, so who has no activity takes nobody's place. -#}
{%- set partition = ranked_partition(ranking) %}
placed as (
    select
        profile_id,
        metric,
        category_type,
        category,
        look_back,
        window_from,
        window_to,
        metric_value,
        {%- if rule == 'ntile' %}
        row_number() over (
            partition by {{ partition }}
            order by metric_value desc nulls last, profile_id asc nulls last
        ) as position,
        {%- endif %}
        rank() over (
            partition by {{ partition }}
            order by metric_value desc nulls last
        ) as place,
        count(metric_value) over (partition by {{ partition }}) as member_count
    from member_windows
),

bucketed as (
    select
        *,
        case
            when metric_value is not null
                then {{ bucket_of('position' if rule == 'ntile' else 'place', 'member_count', buckets) }}
        end as bucket
    from placed
){% if hysteresis %},

last_known as (
    {{ last_known_buckets(ranking) }}
),

held as (
    select
        bucketed.*,
        coalesce(
            bucketed.bucket <> last_known.bucket
            and (bucketed.{{ 'position' if rule == 'ntile' else 'place' }} - 0.5)
            * {{ buckets }} / bucketed.member_count
            between last_known.bucket - 1 - {{ hysteresis }} and last_known.bucket + {{ hysteresis }},
            false
        ) as is_held,
        last_known.bucket as last_bucket
    from bucketed
    left join last_known
        on
            bucketed.profile_id = last_known.profile_id
            and bucketed.metric = last_known.metric
            and bucketed.category_type = last_known.category_type
            and bucketed.category = last_known.category
            and bucketed.look_back = last_known.look_back
)
{%- endif %}

select
    placed.profile_id,
    placed.metric,
    placed.category_type,
    placed.category,
    placed.look_back,
    placed.window_from,
    placed.window_to,
    coalesce(placed.metric_value, cast(0 as decimal(18, 2))) as metric_value,
    {%- if hysteresis %}
    cast(case when placed.is_held then placed.last_bucket else placed.bucket end as int) as {{ column }},
    {%- else %}
    cast(placed.bucket as int) as {{ column }},
    {%- endif %}
    case
        when placed.metric_value is not null
            then
                100 * cast(placed.member_count - placed.place + 1 as double)
                / placed.member_count
    end as percentile,
    cast(placed.member_count as bigint) as member_count,
    placed.metric_value is not null as has_activity,
    placed.member_count < {{ buckets }} as is_small_category,
    refresh_period.as_of_on,
    '{{ rule }}' as tie_rule,
    {% if hysteresis %}placed.is_held{% else %}false{% endif %} as is_held
from {% if hysteresis %}held{% else %}bucketed{% endif %} as placed
cross join refresh_period
{%- endif -%}
{%- endmacro %}

{#- What splits a ranking; names of which there is one only are left out, which sorts less. -#}
{% macro ranked_partition(ranking) -%}
    {%- if ranking['metrics'] | length > 1 %}metric, {% endif -%}
    {%- if ranking['category_types'] | length > 1 %}category_type, {% endif -%}
    look_back, category
{%- endmacro %}

{#-
    The bucket of NTILE for a position among `members`: the first `members modulo buckets` buckets
    take one more. With the position that equal values share, they share the best of their buckets.
-#}
{% macro bucket_of(position, members, buckets) -%}
    {%- set size = 'floor(cast(' ~ members ~ ' as double) / ' ~ buckets ~ ')' -%}
    {%- set larger = '(' ~ members ~ ' % ' ~ buckets ~ ')' -%}
    case
        when {{ position }} <= {{ larger }} * ({{ size }} + 1)
            then floor(({{ position }} - 1) / ({{ size }} + 1)) + 1
        else {{ larger }} + floor(({{ position }} - 1 - {{ larger }} * ({{ size }} + 1)) / {{ size }}) + 1
    end
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
