-- Points are money that the company owes: earned, redeemed, expired and adjusted arrive one by one;
-- what lies after the clock waits.
with

staged as (
    {{ union_staged('events', [
        'source_system', 'event_type', 'points', 'occurred_at'
    ]) }}
),

compared as (
    select
        source_system,
        event_type,
        points,
        1 as event_count
    from staged
    where points is not null and not {{ is_after_clock('occurred_at') }}
    union all
    select
        source_system,
        event_type,
        -points as points,
        -1 as event_count
    from {{ ref('events') }}
    where points is not null
)

select
    source_system,
    event_type,
    sum(event_count) as events_lost,
    sum(points) as points_lost
from compared
group by source_system, event_type
having sum(event_count) <> 0 or coalesce(sum(points), 0) <> 0
