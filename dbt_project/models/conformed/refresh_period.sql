{#- How each entity of seeds/policy/clock_entities.csv says who did something when. -#}
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

activities as (
    {{ union_staged('orders', [
        "'orders' as entity", 'source_system', 'source_record_id as record', 'ordered_at as active_at'
    ]) }}
    union all
    -- By order: who ordered is one person, and finding out costs a join.
    {{ union_staged('order_lines', [
        "'order_lines' as entity", 'source_system', 'order_id as record', 'booked_at as active_at'
    ]) }}
    union all
    {{ union_staged('message_events', [
        "'message_events' as entity", 'source_system', 'source_record_id as record',
        'occurred_at as active_at'
    ]) }}
    union all
    select
        case
            when source_system in (select source_system from {{ ref('customer_records') }}) then 'events'
            else 'visits'
        end as entity,
        source_system,
        source_record_id as record,
        occurred_at as active_at
    from events
    where
        not exists (
            select 1
            from {{ ref('crawler_events') }} as crawler_events
            where
                crawler_events.source_system = events.source_system
                and crawler_events.event_id = events.event_id
        )
    union all
    select
        'customer_records' as entity,
        source_system,
        source_record_id as record,
        updated_at as active_at
    from {{ ref('customer_records') }}
),

-- What is yet to come moves nothing, also where a staging model lets it pass.
past as (
    select
        clock_entities.place,
        activities.entity,
        activities.source_system,
        activities.record,
        cast(activities.active_at as date) as active_on
    from activities
    inner join clock_entities
        on activities.entity = clock_entities.entity
    where cast(activities.active_at as date) <= {{ today() }}
),

entity_days as (
    select distinct
        place,
        active_on
    from past
),

-- The first places whose days are enough to say what is usual; all of them where none are.
asked_up_to as (
    select coalesce(min(reached.place), max(reached.last_place)) as place
    from (
        select
            case when count(distinct entity_days.active_on) >= max(settings.fewest_days)
                then places.place
            end as place,
            places.place as last_place
        from (select distinct place from clock_entities) as places
        inner join entity_days
            on places.place >= entity_days.place
        cross join settings
        group by places.place
    ) as reached
),

-- Records of one kind, so that somebody who orders, gets points and is written to is one.
kind_counts as (
    select
        past.active_on,
        count(distinct past.record) as record_count
    from past
    inner join asked_up_to
        on past.place <= asked_up_to.place
    group by past.active_on, past.entity, past.source_system
),

day_counts as (
    select
        active_on,
        max(record_count) as record_count
    from kind_counts
    group by active_on
),

days as (
    select
        active_on,
        record_count,
        row_number() over (order by active_on) as day_number,
        {{ dbt.datediff('lag(active_on) over (order by active_on)', 'active_on', 'day') }} as gap_days
    from day_counts
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
),

counted as (
    select days.active_on
    from days
    cross join settings
    left join usual
        on days.active_on = usual.active_on
    where
        usual.active_on is null
        or (
            days.record_count >= settings.least_share * usual.record_count
            and (
                usual.day_count < settings.fewest_days
                or (
                    usual.record_count >= settings.fewest_records
                    and days.record_count >= settings.fewest_records
                )
                or (
                    usual.record_count < settings.fewest_records
                    and (
                        days.record_count >= settings.fewest_records
                        or days.gap_days <= settings.gap_factor * usual.gap_days
                    )
                )
            )
        )
),

as_of as (
    {%- if as_of_day() %}
        select cast('{{ as_of_day() }}' as date) as as_of_on
    {%- else %}
        -- An empty warehouse needs a clock too.
        select coalesce(max(active_on), date '1970-01-01') as as_of_on
        from counted
    {%- endif %}
)

select
    cast(
        cast({{ dbt.dateadd('day', 1, 'as_of_on') }} as timestamp) - interval 1 microsecond as timestamp
    ) as as_of_at,
    as_of_on,
    cast({{ dbt.date_trunc('month', 'as_of_on') }} as date) as month_start_on
from as_of
