{{ config(materialized='incremental', unique_key=['user_agent']) }}

with

{% call reached() %}
    {{ changed_staged('events', ['user_agent'], listed='user_agent') }}
{% endcall %}

staged as (
    {{ union_staged('events', ['source_system'], optional=['user_agent']) }}
),

-- Millions of events have thousands of agents: a pattern is looked for once in each.
agents as (
    select distinct user_agent
    from {{ part('staged', ['user_agent']) }}
    where user_agent is not null
),

listed_patterns as (
    select
        pattern,
        required_text,
        is_literal
    from {{ ref('crawler_agents') }}
    where
        pattern not in (
            select pattern
            from {{ ref('crawler_agent_rules') }}
            where action = 'leave_out'
        )
),

own_patterns as (
    select
        pattern,
        required_text
    from {{ ref('crawler_agent_rules') }}
    where action = 'add'
),

matches as (
    select
        agents.user_agent,
        listed_patterns.pattern
    from agents
    inner join listed_patterns
        on
            case
                when not contains(agents.user_agent, listed_patterns.required_text) then false
                when listed_patterns.is_literal then true
                else {{ regexp_found_column('agents.user_agent', 'listed_patterns.pattern') }}
            end
    union all
    select
        agents.user_agent,
        own_patterns.pattern
    from agents
    inner join own_patterns
        on
            case
                when not contains(lower(agents.user_agent), own_patterns.required_text) then false
                else {{ regexp_found_column('lower(agents.user_agent)', 'own_patterns.pattern') }}
            end
),

crawlers as (
    select
        user_agent,
        min(pattern) as crawler_pattern
    from matches
    group by user_agent
)

select
    agents.user_agent,
    crawlers.user_agent is not null as is_crawler,
    crawlers.crawler_pattern
from agents
left join crawlers
    on agents.user_agent = crawlers.user_agent
