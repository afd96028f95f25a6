with

ranking_windows as (
    select * from {{ ref('ranking_windows') }}
),

members as (
    select
        ranking_window,
        category,
        profile_id,
        metric_value
    from {{ ref('ranking_values') }}
    where metric_value is not null
),

-- The position of each, the place that equal values share, and how many share it.
ordered as (
    select
        *,
        row_number() over (
            partition by ranking_window, category
            order by metric_value desc nulls last, profile_id asc nulls last
        ) as position,
        rank() over (
            partition by ranking_window, category
            order by metric_value desc nulls last
        ) as place,
        count(*) over (
            partition by ranking_window, category
            order by metric_value desc nulls last
            range between current row and current row
        ) as tied_count,
        count(*) over (partition by ranking_window, category) as member_count
    from members
),

-- Buckets of NTILE: the first `member_count modulo buckets` of them take one more. A value that
-- nearly everybody has puts nobody before anybody, and fewer members than buckets fill no buckets.
sized as (
    select
        ordered.*,
        ranking_windows.buckets,
        {{ is_without_spread('ordered.tied_count', 'ordered.member_count', 'ranking_windows.buckets') }}
            as says_nothing,
        case ranking_windows.rule when 'equal_together' then ordered.place else ordered.position end
            as counted_place,
        floor(cast(ordered.member_count as double) / ranking_windows.buckets) as bucket_size,
        ordered.member_count % ranking_windows.buckets as larger_buckets
    from ordered
    inner join ranking_windows
        on ordered.ranking_window = ranking_windows.ranking_window
),

-- Who shares a value by the rule equal_together shares the best of the buckets it would take.
bucketed as (
    select
        *,
        case
            when says_nothing then null
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
        select
            ranking_windows.ranking_window,
            known.category,
            known.profile_id,
            known.decile
        from (
            {{ last_known_deciles() }}
        ) as known
        inner join ranking_windows
            on
                ranking_windows.ranking = 'deciles'
                and known.metric = ranking_windows.metric
                and known.category_type = ranking_windows.category_type
                and known.look_back = ranking_windows.look_back
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
                bucketed.ranking_window = last_known.ranking_window
                and bucketed.category = last_known.category
                and bucketed.profile_id = last_known.profile_id
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
    ranking_window,
    category,
    profile_id,
    metric_value,
    cast(case when is_held then last_bucket else bucket end as int) as bucket,
    case when not says_nothing then 100 * cast(member_count - place + 1 as double) / member_count end
        as percentile,
    cast(member_count as bigint) as member_count,
    is_held
from held
