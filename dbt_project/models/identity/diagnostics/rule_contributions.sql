with

component_rules as (
    select * from {{ ref('component_rules') }}
),

totals as (
    select sum(link_count) as link_count
    from component_rules
)

select
    component_rules.rule,
    min(component_rules.link_kind) as link_kind,
    min(component_rules.namespace) as namespace,
    cast(sum(component_rules.link_count) as bigint) as link_count,
    cast(sum(component_rules.link_count) as double) / max(totals.link_count) as link_share,
    cast(sum(component_rules.record_count) as bigint) as record_count,
    count(*) as profile_count,
    count(case when component_rules.parted_pair_count > 0 then 1 end) as parted_profile_count,
    cast(sum(component_rules.parted_pair_count) as bigint) as parted_pair_count
from component_rules
cross join totals
group by component_rules.rule
