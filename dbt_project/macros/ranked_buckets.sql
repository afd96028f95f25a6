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
{%- set months = ranking['look_back_months'] -%}
{%- set buckets = ranking['buckets'] -%}
{%- set column = ranking['bucket_column'] -%}
{%- set rule = ranking['rule'] -%}
{%- set hysteresis = ranking['hysteresis'] | default(0) -%}
{%- set by_profile = [] -%}
{%- set by_row = [] -%}
{%- for category, definition in ranking['category_types'].items() -%}
    {%- do (by_row if definition['of'] == 'row' else by_profile).append(category) -%}
{%- endfor -%}
{%- if rule not in ('ntile', 'equal_together') -%}
    {{ exceptions.raise_compiler_error(
        "vars.rankings." ~ name ~ ".rule is '" ~ rule ~ "'. It is ntile or equal_together; see docs/value.md."
    ) }}
{%- endif -%}
with

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

{#- Each member's bucket as the run before this refresh left it; nothing before the first one. -#}
{% macro last_known_buckets(ranking) -%}
    {%- set history = adapter.get_relation(
        database=target.database, schema=this.schema, identifier=ranking['history']
    ) if execute else none -%}
    {%- if history is not none -%}
    select
        history.profile_id,
        history.metric,
        history.category_type,
        history.category,
        history.look_back,
        history.as_of_on,
        history.{{ ranking['bucket_column'] }} as bucket
    from {{ history }} as history
    inner join {{ ref('refresh_period') }} as clock
        on history.as_of_on < clock.as_of_on
    qualify
        row_number() over (
            partition by
                history.profile_id, history.metric, history.category_type, history.category,
                history.look_back
            order by history.as_of_on desc nulls last
        ) = 1
    {%- else -%}
    select
        cast(null as string) as profile_id,
        cast(null as string) as metric,
        cast(null as string) as category_type,
        cast(null as string) as category,
        cast(null as string) as look_back,
        cast(null as date) as as_of_on,
        cast(null as int) as bucket
    where false
    {%- endif -%}
{%- endmacro %}

{#-
    Who has another bucket than at the refresh before: a row per change, added to those of earlier
    refreshes. A refresh is known by the day of the data, so a run over the same data, or over more
    data of the same day, replaces its own rows and compares with the same earlier ones.
    Parameters: name, the entry of vars.rankings; ranked, the relation of its model.
-#}
{% macro bucket_migrations(name, ranked) -%}
{%- set ranking = var('rankings')[name] -%}
{%- if ranking is not mapping -%}
    select '{{ name }}' as profile_id
{%- else -%}
{%- set column = ranking['bucket_column'] -%}
with

ranked as (
    select
        profile_id,
        metric,
        category_type,
        category,
        look_back,
        {{ column }} as bucket
    from {{ ranked }}
    where {{ column }} is not null
),

last_known as (
    {{ last_known_buckets(ranking) }}
),

refresh_period as (
    select as_of_on
    from {{ ref('refresh_period') }}
),

migrations as (
    select
        coalesce(ranked.profile_id, last_known.profile_id) as profile_id,
        coalesce(ranked.metric, last_known.metric) as metric,
        coalesce(ranked.category_type, last_known.category_type) as category_type,
        coalesce(ranked.category, last_known.category) as category,
        coalesce(ranked.look_back, last_known.look_back) as look_back,
        ranked.bucket,
        last_known.bucket as previous_bucket,
        last_known.as_of_on as previous_since_on
    from ranked
    full outer join last_known
        on
            ranked.profile_id = last_known.profile_id
            and ranked.metric = last_known.metric
            and ranked.category_type = last_known.category_type
            and ranked.category = last_known.category
            and ranked.look_back = last_known.look_back
    where ranked.bucket is distinct from last_known.bucket
)

select
    migrations.profile_id,
    migrations.metric,
    migrations.category_type,
    migrations.category,
    migrations.look_back,
    refresh_period.as_of_on,
    cast(migrations.bucket as int) as {{ column }},
    cast(migrations.previous_bucket as int) as previous_{{ column }},
    migrations.previous_since_on
from migrations
cross join refresh_period
{%- endif -%}
{%- endmacro %}

{#- Takes back what a migrations table holds of this refresh and of later ones. -#}
{% macro forget_this_refresh() -%}
    {%- if is_incremental() -%}
    delete from {{ this }}
    where as_of_on >= (select as_of_on from {{ ref('refresh_period') }})
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
