-- The links of components that break a rule, in the order in which they are tried again: what
-- people decided, each record's own strongest unique value, then values by newest sight, priority
-- of their namespace and how often they were seen, then pairs that a rule joins, by its priority,
-- then the scored pairs, the surest first.
{{ config(materialized='incremental', unique_key=['component_id']) }}

with

{% call reached() %}
    {% set touched %}
        select node_id from {{ changed('comparison_values') }}
        union
        select unnest([node_a, node_b]) from {{ changed('candidate_links') }}
    {% endset %}
    {{ components_of(ref('candidate_components'), touched) }}
    union
    select component_id, component_id as node_id from {{ changed('broken_components') }}
{% endcall %}

broken as (
    select * from {{ part(ref('broken_components'), ['component_id']) }}
),

components as (
    select * from {{ part(ref('candidate_components'), ['component_id']) }}
),

namespaces as (
    select * from {{ ref('identity_namespaces') }}
),

observations as (
    select
        record_key,
        min(node_id) as node,
        namespace,
        comparison_value,
        min(value_id) as value_id,
        min(normalised_value) as normalised_value,
        max(last_observed_at) as last_observed_at,
        cast(sum(observation_count) as bigint) as observation_count
    from {{ part(ref('comparison_values'), ['node_id']) }}
    where refusal_reason is null
    group by record_key, namespace, comparison_value
),

observations_to_replay as (
    select
        broken.component_id,
        observations.record_key,
        observations.node,
        observations.namespace,
        observations.comparison_value,
        observations.value_id,
        observations.normalised_value,
        observations.last_observed_at,
        observations.observation_count,
        namespaces.priority,
        namespaces.is_unique,
        case when namespaces.is_unique then 1 else namespaces.max_values_per_profile end as capacity
    from observations
    left join components
        on components.node_id = observations.node
    inner join broken
        on broken.component_id = coalesce(components.component_id, observations.node)
    inner join namespaces
        on namespaces.namespace = observations.namespace
),

-- A record stays with the person of its strongest unique value; what is weaker may be taken away.
ranked_observations as (
    select
        observations_to_replay.*,
        row_number() over (
            partition by observations_to_replay.record_key, observations_to_replay.is_unique
            order by
                observations_to_replay.priority asc,
                observations_to_replay.last_observed_at desc nulls last,
                observations_to_replay.comparison_value asc
        ) as place_in_record
    from observations_to_replay
),

rules as (
    select
        rule,
        min(priority) as priority
    from {{ ref('record_match_rules') }}
    group by rule
),

pairs_to_replay as (
    select
        broken.component_id,
        candidate_links.*,
        rules.priority
    from {{ part(ref('candidate_links'), {'node_a': 'node_id'}) }} as candidate_links
    inner join components
        on components.node_id = candidate_links.node_a
    inner join broken
        on broken.component_id = components.component_id
    left join rules
        on rules.rule = candidate_links.namespace
    where candidate_links.link_kind <> 'exact'
),

items as (
    select
        component_id,
        'exact' as link_kind,
        record_key,
        cast(null as string) as other_record_key,
        namespace,
        comparison_value,
        node as left_node,
        -- Values are numbered below zero, records above.
        -1 - value_id as right_node,
        case when capacity is not null then {{ hash60('normalised_value') }} end as value_hash,
        capacity,
        cast(null as double) as match_probability,
        case when is_unique and place_in_record = 1 then 2 else 3 end as stage,
        last_observed_at,
        priority,
        observation_count
    from ranked_observations
    union all
    select
        component_id,
        link_kind,
        record_key_a as record_key,
        record_key_b as other_record_key,
        namespace,
        cast(null as string) as comparison_value,
        node_a as left_node,
        node_b as right_node,
        cast(null as bigint) as value_hash,
        cast(null as int) as capacity,
        match_probability,
        case link_kind when 'always_link' then 1 when 'rule' then 4 else 5 end as stage,
        last_observed_at,
        coalesce(priority, 0) as priority,
        cast(0 as bigint) as observation_count
    from pairs_to_replay
)

select
    row_number() over (
        partition by component_id
        order by
            stage asc,
            last_observed_at desc nulls last,
            priority asc,
            match_probability desc nulls last,
            observation_count desc nulls last,
            namespace asc nulls last,
            comparison_value asc nulls last,
            record_key asc,
            other_record_key asc nulls last
    ) as place,
    component_id,
    link_kind,
    record_key,
    other_record_key,
    namespace,
    comparison_value,
    left_node,
    right_node,
    value_hash,
    capacity,
    match_probability
from items
