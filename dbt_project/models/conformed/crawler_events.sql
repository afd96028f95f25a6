{{ config(materialized='incremental', unique_key=['source_system', 'source_record_id']) }}

with

{% call reached() %}
    {{ changed_staged('events', ['source_system', 'source_record_id']) }}
    union all
    {{ visitors_that_changed_sides(
        '(' ~ union_staged('events', ['source_system', 'source_record_id']) ~ ')'
    ) }}
{% endcall %}

visits as (
    -- Whom a system knows as a customer is nobody's program.
    select *
    from (
        {{ union_staged(
            'events',
            ['source_system', 'event_id', 'source_record_id', 'occurred_at', 'login'],
            optional=['user_agent'],
            key=['source_system', 'source_record_id']
        ) }}
    ) as staged
    where source_system not in (select source_system from {{ ref('customer_records') }})
),

-- Neither is who has signed in, whatever the browser calls itself: apps, shared links and
-- privacy tools carry the agents of programs.
signed_in as (
    select distinct
        source_system,
        source_record_id
    from visits
    where login is not null
),

crawler_agents as (
    select user_agent
    from {{ ref('user_agents') }}
    where is_crawler
),

by_agent as (
    select
        visits.source_system,
        visits.source_record_id,
        visits.event_id,
        'crawler_agent' as reason
    from visits
    inner join crawler_agents
        on visits.user_agent = crawler_agents.user_agent
    left join signed_in
        on
            visits.source_system = signed_in.source_system
            and visits.source_record_id = signed_in.source_record_id
    where signed_in.source_record_id is null
),

-- Few visitors have so many events at all; counting minutes for them only saves a wide group by.
busy_visitors as (
    select
        source_system,
        source_record_id
    from visits
    group by source_system, source_record_id
    having count(*) > 50
),

busy_minutes as (
    select
        visits.source_system,
        visits.source_record_id
    from visits
    inner join busy_visitors
        on
            visits.source_system = busy_visitors.source_system
            and visits.source_record_id = busy_visitors.source_record_id
    group by
        visits.source_system,
        visits.source_record_id,
        {{ dbt.date_trunc('minute', 'visits.occurred_at') }}
    having count(*) > 50
),

-- Nobody clicks fifty times in a minute, and what did so once is a program all the time.
programs as (
    select distinct
        source_system,
        source_record_id
    from busy_minutes
),

by_pace as (
    select
        visits.source_system,
        visits.source_record_id,
        visits.event_id,
        'bot_traffic' as reason
    from visits
    inner join programs
        on
            visits.source_system = programs.source_system
            and visits.source_record_id = programs.source_record_id
),

crawler_events as (
    select * from by_agent
    union all
    select * from by_pace
)

-- What shows both ways counts by its agent, which is the plainer word.
select
    source_system,
    source_record_id,
    event_id,
    max(reason) as reason
from crawler_events
group by source_system, source_record_id, event_id
