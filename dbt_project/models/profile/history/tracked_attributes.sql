{#- Its own last rows say since when a rule holds. -#}
{% set instant = run_instant() %}
{% if as_of_day() %}
    {% set instant = "cast('" ~ as_of_day() ~ " 23:59:59' as timestamp)" %}
{% endif %}

with

attribute_rules as (
    select * from {{ ref('attribute_rules') }}
    where is_default
),

attribute_settings as (
    select * from {{ ref('attribute_settings') }}
),

last_known as (
    {{ as_last_run_left('profile', 'tracked_attributes', {
        'attribute': 'string', 'policy': 'string', 'rule': 'string', 'ruled_since': 'timestamp'
    }) }}
)

select
    attribute_rules.attribute,
    attribute_rules.policy,
    attribute_rules.rule,
    coalesce(own.history_days, general.history_days) as history_days,
    coalesce(own.completeness_weight, general.completeness_weight) as completeness_weight,
    coalesce(last_known.ruled_since, {{ instant }}) as ruled_since
from attribute_rules
cross join attribute_settings as general
left join attribute_settings as own
    on own.attribute = attribute_rules.attribute
left join last_known
    on
        last_known.attribute = attribute_rules.attribute
        and last_known.policy = attribute_rules.policy
        and last_known.rule = attribute_rules.rule
where general.attribute = 'any'
