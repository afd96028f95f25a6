-- A rule or a setting of an attribute that no profile has, or an order of systems that no rule asks for,
-- would do nothing in silence. Remedy: correct the name in seeds/policy/merge_rules.csv or
-- attribute_settings.csv, or give the attribute the rule precedence where merge_source_order.csv orders
-- its systems.
with

attribute_rules as (
    select * from {{ ref('attribute_rules') }}
)

select
    merge_rules.policy,
    merge_rules.attribute,
    'no such attribute' as fault
from {{ ref('merge_rules') }} as merge_rules
left join attribute_rules
    on
        attribute_rules.policy = merge_rules.policy
        and attribute_rules.attribute = merge_rules.attribute
where attribute_rules.attribute is null
union all
select
    own_order.policy,
    own_order.attribute,
    'not merged by precedence' as fault
from {{ ref('merge_source_order') }} as own_order
left join attribute_rules
    on
        attribute_rules.policy = own_order.policy
        and attribute_rules.attribute = own_order.attribute
where attribute_rules.rule is distinct from 'precedence'
union all
select
    'any' as policy,
    settings.attribute,
    'no such attribute' as fault
from {{ ref('attribute_settings') }} as settings
left join attribute_rules
    on attribute_rules.attribute = settings.attribute
where settings.attribute <> 'any' and attribute_rules.attribute is null
