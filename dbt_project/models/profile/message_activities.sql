{{ config(materialized='incremental', unique_key=['source_system', 'source_record_id']) }}

{% set record = ['source_system', 'source_record_id'] %}
{% set message = 'partition by source_system, source_record_id, campaign_id, message_id' %}

with

{% call reached() %}
    select source_system, source_record_id from {{ changed('message_events') }}
    union all
    select source_system, source_record_id from {{ changed('identity_map') }}
{% endcall %}

message_events as (
    select * from {{ part(ref('message_events'), record) }}
),

settings as (
    select
        max(value) filter (where setting = 'machine_open_seconds') as machine_open_seconds,
        max(value) filter (where setting = 'machine_click_seconds') as machine_click_seconds,
        max(value) filter (where setting = 'clicks_at_one_instant_are_machine') = 1
            as clicks_at_one_instant_are_machine
    from {{ ref('message_settings') }}
),

-- Each agent is looked at once.
machines as (
    select
        agents.user_agent,
        bool_or(machine_agents.event_type in ('opened', 'both')) as opens,
        bool_or(machine_agents.event_type in ('clicked', 'both')) as clicks
    from (
        select distinct user_agent
        from message_events
        where user_agent is not null
    ) as agents
    inner join {{ ref('machine_agents') }} as machine_agents
        on
            lower(trim(agents.user_agent)) = lower(machine_agents.agent)
            or (
                machine_agents.match = 'contains'
                and contains(lower(agents.user_agent), lower(machine_agents.agent))
            )
    group by agents.user_agent
),

-- What became of the message that each event is of. A link is told without what stands behind the
-- question mark, where addresses and keys of people stand.
events as (
    select
        *,
        nullif(split_part(split_part(url, '?', 1), '#', 1), '') as link,
        min(channel) over ({{ message }}) as message_channel,
        min(occurred_at) over ({{ message }}) as first_at,
        min(case when event_type = 'sent' then occurred_at end) over ({{ message }}) as told_sent_at,
        min(case when event_type = 'delivered' then occurred_at end) over ({{ message }})
            as first_delivered_at,
        max(case when event_type = 'delivered' then occurred_at end) over ({{ message }})
            as last_delivered_at,
        max(case when event_type = 'bounced' then occurred_at end) over ({{ message }})
            as last_bounced_at,
        max(case when event_type = 'blocked' then occurred_at end) over ({{ message }}) as blocked_at
    from message_events
),

-- Delivered and then bounced cancel each other; bounced, tried again and delivered has arrived. Where
-- both are told of one instant it has bounced. A letter or a text of which neither is told arrives
-- when it is sent.
messages as (
    select
        *,
        case
            when last_delivered_at > last_bounced_at or last_bounced_at is null
                then coalesce(
                    first_delivered_at,
                    case when message_channel <> 'email' and blocked_at is null then told_sent_at end
                )
        end as received_at,
        min(link) over ({{ message }}, event_type, occurred_at)
        <> max(link) over ({{ message }}, event_type, occurred_at) as is_on_several_links,
        coalesce(first_delivered_at, told_sent_at) as arrived_at
    from events
),

identity_map as (
    select * from {{ part(ref('identity_map'), record) }}
)

select
    identity_map.profile_id,
    messages.source_system,
    messages.source_record_id,
    messages.message_event_id,
    messages.campaign_id,
    messages.message_id,
    messages.message_channel as channel,
    messages.event_type,
    messages.occurred_at,
    messages.link,
    messages.bounce_kind,
    coalesce(messages.told_sent_at, messages.first_at) as sent_at,
    cast(coalesce(messages.told_sent_at, messages.first_at) as date) as sent_on,
    messages.received_at,
    coalesce(
        messages.event_type = 'opened' and (
            machines.opens
            or messages.occurred_at
            <= {{ dbt.dateadd('second', 'settings.machine_open_seconds', 'messages.arrived_at') }}
        )
        or messages.event_type = 'clicked' and (
            machines.clicks
            or messages.occurred_at
            <= {{ dbt.dateadd('second', 'settings.machine_click_seconds', 'messages.arrived_at') }}
            or (settings.clicks_at_one_instant_are_machine and messages.is_on_several_links)
        ),
        false
    ) as is_machine
from messages
cross join settings
inner join identity_map
    on
        identity_map.source_system = messages.source_system
        and identity_map.source_record_id = messages.source_record_id
left join machines
    on machines.user_agent = messages.user_agent
-- A look-up of a person then reads the row groups only that the id can be in.
order by identity_map.profile_id nulls last
