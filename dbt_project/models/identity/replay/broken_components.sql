{{ config(materialized='incremental', unique_key=['component_id']) }}

with

{% call reached() %}
    {% set touched %}
        select node_id from {{ changed('comparison_values') }}
        union
        select unnest([node_a, node_b]) from {{ changed('candidate_links') }}
        union
        select node from {{ changed('exclusive_records') }}
    {% endset %}
    {{ components_of(ref('candidate_components'), touched) }}
{% endcall %}

components as (
    select * from {{ part(ref('candidate_components'), ['component_id']) }}
),

limited_namespaces as (
    select
        namespace,
        case when is_unique then 1 else max_values_per_profile end as capacity
    from {{ ref('identity_namespaces') }}
    where is_unique or max_values_per_profile is not null
),

-- Also a record by itself may hold two values of a unique namespace.
held_values as (
    select
        comparison_values.node_id as node,
        case when limited_namespaces.capacity = 1 then 'unique_namespace' else 'too_many_values' end
            as rule,
        comparison_values.namespace as scope,
        {{ hash60('comparison_values.normalised_value') }} as value_hash,
        limited_namespaces.capacity
    from {{ part(ref('comparison_values'), ['node_id']) }} as comparison_values
    inner join limited_namespaces
        on limited_namespaces.namespace = comparison_values.namespace
    where comparison_values.refusal_reason is null
    union all
    select
        node,
        rule,
        scope,
        value_hash,
        1 as capacity
    from {{ part(ref('exclusive_records'), {'node': 'node_id'}) }}
),

overfull as (
    select
        coalesce(components.component_id, held_values.node) as component_id,
        held_values.rule
    from held_values
    left join components
        on components.node_id = held_values.node
    group by
        coalesce(components.component_id, held_values.node), held_values.rule, held_values.scope
    having
        min(held_values.value_hash) < max(held_values.value_hash)
        and count(distinct held_values.value_hash) > max(held_values.capacity)
),

limits as (
    select cast(max(value) as bigint) as largest_plausible_profile
    from {{ ref('match_settings') }}
    where rule = 'largest_plausible_profile'
),

chained as (
    select components.component_id
    from {{ part(ref('candidate_links'), {'node_a': 'node_id'}) }} as candidate_links
    inner join components
        on components.node_id = candidate_links.node_a
    where candidate_links.link_kind = 'probabilistic'
    group by components.component_id
),

oversized as (
    select components.component_id
    from components
    inner join chained
        on chained.component_id = components.component_id
    group by components.component_id
    having count(*) > (select largest_plausible_profile from limits)
),

broken as (
    select
        component_id,
        rule
    from overfull
    union all
    select
        component_id,
        'implausible_size' as rule
    from oversized
)

select
    component_id,
    min(rule) as first_rule,
    count(distinct rule) as rule_count
from broken
group by component_id
