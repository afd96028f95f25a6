{% set of_people = {
    'message_events': 'occurred_at', 'support_contacts': 'opened_at', 'interactions': 'occurred_at'
} %}

with

clock_entities as (
    select
        entity,
        place
    from {{ ref('clock_entities') }}
),

settings as (
    select
        max(case when setting = 'usual_days' then value end) as usual_days,
        max(case when setting = 'fewest_records' then value end) as fewest_records,
        max(case when setting = 'least_share' then value end) as least_share,
        max(case when setting = 'gap_factor' then value end) as gap_factor,
        max(case when setting = 'fewest_days' then value end) as fewest_days
    from {{ ref('clock_settings') }}
),

events as (
    {{ union_staged('events', ['source_system', 'event_id', 'source_record_id', 'occurred_at']) }}
),

orders as (
    {{ union_staged('orders', ['source_system', 'order_id', 'source_record_id', 'ordered_at']) }}
),

order_lines as (
    {{ union_staged('order_lines', ['source_system', 'order_id', 'booked_at']) }}
),

activities as (
    select
        'orders' as entity,
        source_system,
        -- An order of nobody is as good a sign of business as another.
        coalesce(source_record_id, order_id) as record,
        ordered_at as active_at
    from orders
    union all
    select
        'order_lines' as entity,
        order_lines.source_system,
        coalesce(orders.source_record_id, orders.order_id) as record,
        order_lines.booked_at as active_at
    from order_lines
    inner join orders
        on
            order_lines.source_system = orders.source_system
            and order_lines.order_id = orders.order_id
    {%- for entity, instant in of_people.items() if var('entity_sources')[entity] %}
        union all
        {{ union_staged(entity, [
            "'" ~ entity ~ "' as entity", 'source_system', 'source_record_id as record',
            instant ~ ' as active_at'
        ]) }}
    {%- endfor %}
    union all
    select
        case
            when events.source_system in (select source_system from {{ ref('customer_records') }})
                then 'events'
            else 'visits'
        end as entity,
        events.source_system,
        events.source_record_id as record,
        events.occurred_at as active_at
    from events
    left join {{ ref('crawler_events') }} as crawler_events
        on
            events.source_system = crawler_events.source_system
            and events.event_id = crawler_events.event_id
    where crawler_events.event_id is null
    union all
    select
        'customer_records' as entity,
        source_system,
        source_record_id as record,
        updated_at as active_at
    from {{ ref('customer_records') }}
),

dated as (
    select
        clock_entities.place,
        activities.entity,
        activities.source_system,
        activities.record,
        cast(activities.active_at as date) as active_on
    from activities
    inner join clock_entities
        on activities.entity = clock_entities.entity
    where activities.active_at is not null
),

active_days as (
    select distinct
        place,
        active_on
    from dated
),

place_days as (
    select
        clock_entities.place,
        count(distinct active_days.active_on) as day_count
    from clock_entities
    inner join active_days
        on clock_entities.place >= active_days.place
    group by clock_entities.place
),

-- The first places whose days are enough to say what is usual; all of them where none are.
asked_up_to as (
    select
        coalesce(
            min(place_days.place) filter (where place_days.day_count >= settings.fewest_days),
            max(place_days.place)
        ) as place
    from place_days
    cross join settings
),

-- Records of one kind, so that somebody who orders, gets points and is written to is one.
kind_counts as (
    select
        dated.active_on,
        count(distinct dated.record) as record_count
    from dated
    inner join asked_up_to
        on dated.place <= asked_up_to.place
    group by dated.active_on, dated.entity, dated.source_system
),

days as (
    select
        active_on,
        max(record_count) as record_count,
        row_number() over (order by active_on) as day_number,
        {{ dbt.datediff('lag(active_on) over (order by active_on)', 'active_on', 'day') }} as gap_days
    from kind_counts
    group by active_on
),

days_before as (
    select
        days.active_on,
        before.record_count,
        before.gap_days,
        row_number() over (
            partition by days.active_on order by before.record_count asc, before.active_on asc
        ) as count_place,
        row_number() over (
            partition by days.active_on order by before.gap_days asc nulls last, before.active_on asc
        ) as gap_place,
        count(*) over (partition by days.active_on) as day_count
    from days
    cross join settings
    inner join days as before
        on
            before.day_number < days.day_number
            and before.day_number >= days.day_number - settings.usual_days
),

usual as (
    select
        active_on,
        max(day_count) as day_count,
        max(record_count) filter (where count_place <= (day_count + 1) / 2.0) as record_count,
        max(gap_days) filter (where gap_place <= ceil(0.95 * day_count)) as gap_days
    from days_before
    group by active_on
)

select
    days.active_on,
    cast(days.record_count as bigint) as record_count,
    cast(usual.record_count as bigint) as usual_record_count,
    cast(days.gap_days as bigint) as gap_days,
    cast(usual.gap_days as bigint) as usual_gap_days,
    usual.active_on is null
    or (
        days.record_count >= settings.least_share * usual.record_count
        and (
            usual.day_count < settings.fewest_days
            or days.record_count >= settings.fewest_records
            or (
                usual.record_count < settings.fewest_records
                and days.gap_days <= settings.gap_factor * usual.gap_days
            )
        )
    ) as is_usual
from days
cross join settings
left join usual
    on days.active_on = usual.active_on
