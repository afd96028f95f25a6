{% set attributes = merged_attributes() %}

with

merge_policies as (
    select * from {{ ref('merge_policies') }}
),

merge_rules as (
    select * from {{ ref('merge_rules') }}
),

own_orders as (
    select distinct
        policy,
        attribute
    from {{ ref('merge_source_order') }}
),

attributes as (
    {%- for attribute in attributes %}
        select
            '{{ attribute.name }}' as attribute,
            cast(null as string) as declared_rule,
            false as is_declared
        union all
    {%- endfor %}
    select
        attribute,
        merge_rule as declared_rule,
        true as is_declared
    from {{ ref('attributes') }}
),

rules as (
    select
        merge_policies.policy,
        merge_policies.stitching,
        merge_policies.is_default,
        attributes.attribute,
        attributes.is_declared,
        coalesce(merge_rules.rule, attributes.declared_rule, merge_policies.default_rule) as rule,
        own_orders.attribute is not null as has_own_order
    from merge_policies
    cross join attributes
    left join merge_rules
        on
            merge_rules.policy = merge_policies.policy
            and merge_rules.attribute = attributes.attribute
    left join own_orders
        on
            own_orders.policy = merge_policies.policy
            and own_orders.attribute = attributes.attribute
)

-- By time or by source_precedence a record has one place for all attributes.
select
    *,
    is_declared
    or rule in ('least_recent', 'most_frequent', 'most_filled')
    or (rule = 'precedence' and has_own_order) as is_ranked_by_value
from rules
