{#-
    The text of the model that ranks: the bucket of everybody with activity, and no more than what
    follows from the order. Any news may move everybody, so it is made whole, and kept narrow.
    Parameters: name, the entry of vars.rankings; values, the relation that `ranked_values` is the
    text of.
    All windows of a measure cost one pass over its rows, then there is one ranking for everything.
-#}
{% macro ranked_places(name, values) -%}
{%- set ranking = var('rankings')[name] -%}
{%- if ranking is not mapping -%}
    select '{{ name }}' as profile_id
{%- else -%}
{%- set buckets = ranking['buckets'] -%}
{%- set rule = ranking['rule'] -%}
{%- set hysteresis = ranking['hysteresis'] | default(0) -%}
{%- if rule not in ('ntile', 'equal_together') -%}
    {{ exceptions.raise_compiler_error(
        "vars.rankings." ~ name ~ ".rule is '" ~ rule ~ "'. It is ntile or equal_together; see docs/rankings.md."
    ) }}
{%- endif -%}
{%- set order = 'position' if rule == 'ntile' else 'place' -%}
{%- set partition = _ranked_partition(ranking) -%}
with

ranked_values as (
    select * from {{ values }}
),

windows as (
    select
        look_back,
        months
    from {{ ref('look_backs') }}
    where
        months is null
        {%- if ranking['look_back_months'] %}
        or months in ({{ ranking['look_back_months'] | join(', ') }})
        {%- endif %}
),

{{ member_windows(ranking) }},

placed as (
    select
        *,
        row_number() over (
            partition by {{ partition }}
            order by metric_value desc nulls last, profile_id asc nulls last
        ) as position,
        rank() over (
            partition by {{ partition }}
            order by metric_value desc nulls last
        ) as place,
        count(*) over (partition by {{ partition }}) as member_count
    from member_windows
),

{#- A value that nearly everybody has puts nobody before anybody, and fewer members than buckets fill
    no buckets. Few lists have such, so the sizes of ties are not counted for each value, but seen at
    the last of those who share it. -#}
without_spread as (
    select distinct
        metric,
        category_type,
        category,
        look_back,
        place
    from placed
    where {{ is_without_spread('position - place + 1', 'member_count', buckets) }}
),

bucketed as (
    select
        placed.*,
        without_spread.place is null as is_scored,
        case
            when without_spread.place is null
                then {{ _bucket_of('placed.' ~ order, 'placed.member_count', buckets) }}
        end as bucket
    from placed
    left join without_spread
        on
            placed.metric = without_spread.metric
            and placed.category_type = without_spread.category_type
            and placed.category = without_spread.category
            and placed.look_back = without_spread.look_back
            and placed.place = without_spread.place
){% if hysteresis %},

last_known as (
    {{ last_known_buckets(ranking) }}
),

held as (
    select
        bucketed.*,
        coalesce(
            bucketed.bucket <> last_known.bucket
            and (bucketed.{{ order }} - 0.5) * {{ buckets }} / bucketed.member_count
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
    profile_id,
    metric,
    category_type,
    category,
    look_back,
    metric_value,
    {%- if hysteresis %}
    cast(case when is_held then last_bucket else bucket end as int) as {{ ranking['bucket_column'] }},
    {%- else %}
    cast(bucket as int) as {{ ranking['bucket_column'] }},
    {%- endif %}
    case when is_scored then 100 * cast(member_count - place + 1 as double) / member_count end
        as percentile,
    cast(member_count as bigint) as member_count,
    {% if hysteresis %}is_held{% else %}false{% endif %} as is_held
from {% if hysteresis %}held{% else %}bucketed{% endif %}
{%- endif -%}
{%- endmacro %}

{#- What splits a ranking; names of which there is one only are left out, which sorts less. -#}
{% macro _ranked_partition(ranking) -%}
    {%- if ranking['metrics'] | length > 1 %}metric, {% endif -%}
    {%- if ranking['category_types'] | length > 1 %}category_type, {% endif -%}
    look_back, category
{%- endmacro %}

{#-
    The bucket of NTILE for a position among `members`: the first `members modulo buckets` buckets
    take one more. With the position that equal values share, they share the best of their buckets.
-#}
{% macro _bucket_of(position, members, buckets) -%}
    {%- set size = 'floor(cast(' ~ members ~ ' as double) / ' ~ buckets ~ ')' -%}
    {%- set larger = '(' ~ members ~ ' % ' ~ buckets ~ ')' -%}
    case
        when {{ position }} <= {{ larger }} * ({{ size }} + 1)
            then floor(({{ position }} - 1) / ({{ size }} + 1)) + 1
        else {{ larger }} + floor(({{ position }} - 1 - {{ larger }} * ({{ size }} + 1)) / {{ size }}) + 1
    end
{%- endmacro %}

