{#-
    A refresh is known by the day of the data, so a run over the same data, or over more data of the
    same day, replaces its own rows and compares with the same earlier ones. The replay of a day
    (--as-of) before refreshes that are known leaves the history as it is.
-#}
{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        full_refresh=false,
        pre_hook="{{ forget_this_day(
            'as_of_on', where=nothing_is_known_after_this_refresh() if as_of_day() else 'true'
        ) }}"
    )
}}

with

deciles as (
    select
        profile_id,
        metric,
        category_type,
        category,
        look_back,
        decile
    from {{ ref('deciles') }}
    where decile is not null
),

last_known as (
    {{ last_known_deciles() }}
),

refresh_period as (
    select as_of_on
    from {{ ref('refresh_period') }}
),

migrations as (
    select
        coalesce(deciles.profile_id, last_known.profile_id) as profile_id,
        coalesce(deciles.metric, last_known.metric) as metric,
        coalesce(deciles.category_type, last_known.category_type) as category_type,
        coalesce(deciles.category, last_known.category) as category,
        coalesce(deciles.look_back, last_known.look_back) as look_back,
        deciles.decile,
        last_known.decile as previous_decile,
        last_known.as_of_on as previous_since_on
    from deciles
    full outer join last_known
        on
            deciles.profile_id = last_known.profile_id
            and deciles.metric = last_known.metric
            and deciles.category_type = last_known.category_type
            and deciles.category = last_known.category
            and deciles.look_back = last_known.look_back
    where deciles.decile is distinct from last_known.decile
)

select
    migrations.profile_id,
    migrations.metric,
    migrations.category_type,
    migrations.category,
    migrations.look_back,
    refresh_period.as_of_on,
    cast(migrations.decile as int) as decile,
    cast(migrations.previous_decile as int) as previous_decile,
    migrations.previous_since_on
from migrations
cross join refresh_period
{%- if as_of_day() and is_incremental() %}
    where {{ nothing_is_known_after_this_refresh() }}
{%- endif %}
