{#- Without the clock, so that no row changes by a day that passes: `activities` shows a visit from the
    instant on at which it counts as abandoned. -#}
{{ config(materialized='incremental', unique_key=['profile_id']) }}

with

{% call reached() %}
    select profile_id from {{ changed('visits') }}
    union all
    select profile_id from {{ changed('purchases') }}
{% endcall %}

settings as (
    select
        max(value) filter (where setting = 'abandoned_cart_hours') as cart_hours,
        max(value) filter (where setting = 'abandoned_browse_hours') as browse_hours
    from {{ ref('activity_settings') }}
),

visits as (
    select * from {{ part(ref('visits'), ['profile_id']) }}
),

purchases as (
    select * from {{ part(ref('purchases'), ['profile_id']) }}
    where profile_id is not null and not is_return
),

-- How far a visit went is its stage: what was looked at before it went into a cart is no browsing.
stages as (
    select
        profile_id,
        session_id,
        source_system,
        case when carted_at is not null then 'cart' else 'browse' end as stage,
        coalesce(carted_at, browsed_at) as reached_at,
        case when carted_at is not null then carted_product_id else browsed_product_id end as product_id
    from visits
    where
        coalesce(carted_at, browsed_at) is not null
        and (purchased_at is null or purchased_at < coalesce(carted_at, browsed_at))
    union all
    select
        profile_id,
        session_id,
        source_system,
        'purchase' as stage,
        purchased_at as reached_at,
        null as product_id
    from visits
    where purchased_at is not null
    union all
    select distinct
        profile_id,
        source_system || ':' || order_id as session_id,
        source_system,
        'purchase' as stage,
        ordered_at as reached_at,
        null as product_id
    from purchases
),

followed as (
    select
        *,
        lead(reached_at) over (
            partition by profile_id
            order by reached_at asc nulls last, stage asc nulls last, session_id asc nulls last
        ) as next_at,
        min(case when stage <> 'browse' then reached_at end) over (
            partition by profile_id
            order by reached_at asc nulls last, stage asc nulls last, session_id asc nulls last
            rows between 1 following and unbounded following
        ) as next_cart_or_purchase_at
    from stages
),

left_behind as (
    select
        profile_id,
        session_id,
        source_system,
        stage || '_abandoned' as activity_type,
        {{ dbt.dateadd(
            'hour',
            "case when stage = 'cart' then settings.cart_hours else settings.browse_hours end",
            'reached_at'
        ) }} as abandoned_at,
        reached_at,
        case when stage = 'cart' then next_cart_or_purchase_at else next_at end as gone_on_at,
        product_id
    from followed
    cross join settings
    where stage <> 'purchase'
)

select
    profile_id,
    session_id,
    source_system,
    activity_type,
    reached_at,
    cast(abandoned_at as timestamp) as abandoned_at,
    product_id
from left_behind
where gone_on_at is null or gone_on_at > abandoned_at
