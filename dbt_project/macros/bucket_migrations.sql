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
    data of the same day, replaces its own rows and compares with the same earlier ones. The replay
    of a day (--as-of) before refreshes that are known leaves the history as it is.
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
{%- if as_of_day() and is_incremental() %}
where {{ _nothing_is_known_after_this_refresh() }}
{%- endif %}
{%- endif -%}
{%- endmacro %}

{% macro _nothing_is_known_after_this_refresh() -%}
    not exists (
        select 1
        from {{ this }} as known
        where known.as_of_on > (select clock.as_of_on from {{ ref('refresh_period') }} as clock)
    )
{%- endmacro %}

{#- Takes back what a migrations table holds of this refresh and of later ones. -#}
{% macro forget_this_refresh() -%}
    {%- if is_incremental() -%}
    delete from {{ this }}
    where
        as_of_on >= (select as_of_on from {{ ref('refresh_period') }})
        {%- if as_of_day() %}
            and {{ _nothing_is_known_after_this_refresh() }}
        {%- endif %}
    {%- endif -%}
{%- endmacro %}
