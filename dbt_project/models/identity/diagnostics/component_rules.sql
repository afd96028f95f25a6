{{ config(materialized='incremental', unique_key=['component_id']) }}

with

{% call reached() %}
    {%- set touched -%}
        select unnest([node_a, node_b]) as node_id from {{ changed('candidate_links') }}
        union
        select unnest([node_a, node_b]) from {{ changed('replayed_links') }}
    {%- endset %}
    {{ components_of(ref('components'), touched) }}
{% endcall %}

components as (
    select
        node_id,
        component_id
    from {{ part(ref('components'), ['component_id']) }}
),

links as (
    select
        links.node_a,
        links.node_b,
        links.link_kind,
        links.namespace,
        coalesce(links.namespace, links.link_kind) as rule,
        components.component_id
    from {{ part(ref('links'), {'node_a': 'node_id'}) }} as links
    inner join components
        on components.node_id = links.node_a
),

rules as (
    select
        component_id,
        rule,
        min(link_kind) as link_kind,
        min(namespace) as namespace,
        count(*) as link_count
    from links
    group by component_id, rule
),

linked_records as (
    select
        component_id,
        rule,
        count(distinct node) as record_count
    from (
        select
            component_id,
            rule,
            node_a as node
        from links
        union all
        select
            component_id,
            rule,
            node_b as node
        from links
    ) as ends_of_links
    group by component_id, rule
),

members as (
    select
        rules.component_id,
        rules.rule,
        parts.component_id as part_id
    from rules
    inner join components
        on components.component_id = rules.component_id
    left join {{ ref('components_without_rule') }} as parts
        on
            parts.node_id
            = {{ hash60("rules.rule || ' ' || cast(components.node_id as string)") }}
),

-- A record that no other rule links is a part of its own: it has no part_id and no pairs.
parts as (
    select
        component_id,
        rule,
        count(*) as record_count,
        case when part_id is null then 0 else count(*) * (count(*) - 1) / 2 end as pair_count
    from members
    group by component_id, rule, part_id
),

torn as (
    select
        component_id,
        rule,
        cast(
            sum(record_count) * (sum(record_count) - 1) / 2 - sum(pair_count) as bigint
        ) as parted_pair_count
    from parts
    group by component_id, rule
)

select
    rules.component_id,
    rules.rule,
    rules.link_kind,
    rules.namespace,
    rules.link_count,
    linked_records.record_count,
    torn.parted_pair_count
from rules
inner join linked_records
    on
        linked_records.component_id = rules.component_id
        and linked_records.rule = rules.rule
inner join torn
    on
        torn.component_id = rules.component_id
        and torn.rule = rules.rule
