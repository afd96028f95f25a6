with

links as (
    select
        links.node_a,
        links.node_b,
        links.link_kind,
        links.namespace,
        coalesce(links.namespace, links.link_kind) as rule,
        components.component_id
    from {{ ref('links') }} as links
    inner join {{ ref('components') }} as components
        on components.node_id = links.node_a
),

totals as (
    select count(*) as link_count from links
),

rules as (
    select
        rule,
        min(link_kind) as link_kind,
        min(namespace) as namespace,
        count(*) as link_count
    from links
    group by rule
),

linked_records as (
    select
        rule,
        count(distinct node) as record_count
    from (
        select
            rule,
            node_a as node
        from links
        union all
        select
            rule,
            node_b as node
        from links
    ) as ends_of_links
    group by rule
),

rules_of_components as (
    select
        rule,
        component_id
    from links
    group by rule, component_id
),

members as (
    select
        rules_of_components.rule,
        rules_of_components.component_id,
        parts.component_id as part_id
    from rules_of_components
    inner join {{ ref('components') }} as components
        on components.component_id = rules_of_components.component_id
    left join {{ ref('components_without_rule') }} as parts
        on
            parts.node_id
            = {{ hash60("rules_of_components.rule || ' ' || cast(components.node_id as string)") }}
),

-- A record that no other rule links is a part of its own: it has no part_id and no pairs.
parts as (
    select
        rule,
        component_id,
        count(*) as record_count,
        case when part_id is null then 0 else count(*) * (count(*) - 1) / 2 end as pair_count
    from members
    group by rule, component_id, part_id
),

torn as (
    select
        rule,
        component_id,
        cast(
            sum(record_count) * (sum(record_count) - 1) / 2 - sum(pair_count) as bigint
        ) as parted_pair_count
    from parts
    group by rule, component_id
),

only_this_rule as (
    select
        rule,
        count(*) as profile_count,
        count(case when parted_pair_count > 0 then 1 end) as parted_profile_count,
        cast(sum(parted_pair_count) as bigint) as parted_pair_count
    from torn
    group by rule
)

select
    rules.rule,
    rules.link_kind,
    rules.namespace,
    rules.link_count,
    cast(rules.link_count as double) / totals.link_count as link_share,
    linked_records.record_count,
    only_this_rule.profile_count,
    only_this_rule.parted_profile_count,
    only_this_rule.parted_pair_count
from rules
cross join totals
inner join linked_records
    on linked_records.rule = rules.rule
inner join only_this_rule
    on only_this_rule.rule = rules.rule
