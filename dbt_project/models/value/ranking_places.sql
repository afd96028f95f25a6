with

members as (
    select
        ranking_values.*,
        rankings.buckets,
        rankings.rule
    from {{ ref('ranking_values') }} as ranking_values
    inner join {{ ref('rankings') }} as rankings
        on
            rankings.ranking = ranking_values.ranking
            and rankings.metric = ranking_values.metric
            and rankings.category_type = ranking_values.category_type
    where ranking_values.metric_value is not null
),

-- The position of each and the place that equal values share.
ordered as (
    select
        *,
        row_number() over (
            partition by ranking, metric, category_type, look_back, category
            order by metric_value desc nulls last, profile_id asc nulls last
        ) as position,
        rank() over (
            partition by ranking, metric, category_type, look_back, category
            order by metric_value desc nulls last
        ) as place,
        count(*) over (partition by ranking, metric, category_type, look_back, category) as member_count
    from members
),

-- A value that nearly everybody has puts nobody before anybody, and fewer members than buckets fill
-- no buckets. Few lists have such, so the sizes of ties are not counted for each value, but seen at
-- the last of those who share it.
without_spread as (
    select distinct
        ranking,
        metric,
        category_type,
        category,
        look_back,
        place
    from ordered
    where {{ is_without_spread('position - place + 1', 'member_count', 'buckets') }}
),

-- Buckets of NTILE: the first `member_count modulo buckets` of them take one more.
sized as (
    select
        ordered.*,
        without_spread.place is null as is_scored,
        case ordered.rule when 'equal_together' then ordered.place else ordered.position end as counted_place,
        floor(cast(ordered.member_count as double) / ordered.buckets) as bucket_size,
        ordered.member_count % ordered.buckets as larger_buckets
    from ordered
    left join without_spread
        on
            ordered.ranking = without_spread.ranking
            and ordered.metric = without_spread.metric
            and ordered.category_type = without_spread.category_type
            and ordered.category = without_spread.category
            and ordered.look_back = without_spread.look_back
            and ordered.place = without_spread.place
),

-- Who shares a value by the rule equal_together shares the best of the buckets it would take.
bucketed as (
    select
        *,
        case
            when not is_scored then null
            when counted_place <= larger_buckets * (bucket_size + 1)
                then floor((counted_place - 1) / (bucket_size + 1)) + 1
            else
                larger_buckets
                + floor((counted_place - 1 - larger_buckets * (bucket_size + 1)) / bucket_size) + 1
        end as bucket
    from sized
),

{% if var('decile_hysteresis') %}
    last_known as (
        {{ last_known_deciles() }}
    ),

    -- A member who is not well past the boundary stays in the decile of the refresh before.
    held as (
        select
            bucketed.*,
            coalesce(
                bucketed.bucket <> last_known.decile
                and (bucketed.counted_place - 0.5) * bucketed.buckets / bucketed.member_count
                between last_known.decile - 1 - {{ var('decile_hysteresis') }}
                and last_known.decile + {{ var('decile_hysteresis') }},
                false
            ) as is_held,
            last_known.decile as last_bucket
        from bucketed
        left join last_known
            on
                bucketed.ranking = 'deciles'
                and bucketed.profile_id = last_known.profile_id
                and bucketed.metric = last_known.metric
                and bucketed.category_type = last_known.category_type
                and bucketed.category = last_known.category
                and bucketed.look_back = last_known.look_back
    )
{% else %}
    held as (
        select
            *,
            false as is_held,
            cast(null as int) as last_bucket
        from bucketed
    )
{% endif %}

select
    ranking,
    profile_id,
    metric,
    category_type,
    category,
    look_back,
    metric_value,
    cast(case when is_held then last_bucket else bucket end as int) as bucket,
    case when is_scored then 100 * cast(member_count - place + 1 as double) / member_count end
        as percentile,
    cast(member_count as bigint) as member_count,
    is_held
from held
