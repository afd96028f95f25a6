{{ config(materialized='incremental', unique_key=['component_id']) }}

with

{% call reached() %}
    select component_id from {{ changed('replay_items') }}
    union all
    select component_id from {{ changed('replay_verdicts') }}
{% endcall %}

items as (
    select * from {{ part(ref('replay_items'), ['component_id']) }}
)

select
    items.component_id,
    items.link_kind,
    items.record_key,
    items.other_record_key,
    items.namespace,
    items.comparison_value,
    verdicts.rule as reason,
    case verdicts.rule
        when 'unique_namespace'
            then
                'it would give one profile a second value of ' || verdicts.scope
                || '; newer or stronger links were kept'
        when 'too_many_values'
            then
                'it would give one profile more values of ' || verdicts.scope
                || ' than identity_namespaces allows; newer or stronger links were kept'
        when 'duplicate_free_source'
            then
                'it would give one profile two records of ' || verdicts.scope
                || ', which source_precedence says has no duplicates'
        when 'business_unit' then 'it would put records of two business units into one profile'
        when 'never_rule'
            then 'a rule of record_match_rules keeps apart ' || verdicts.scope
        when 'never_link' then 'identity_overrides says never_link for ' || verdicts.scope
        else 'the profile would be larger than match_settings holds plausible; surer pairs were kept'
    end as evidence
from items
inner join {{ ref('replay_verdicts') }} as verdicts
    on verdicts.component_id = items.component_id and verdicts.place = items.place
