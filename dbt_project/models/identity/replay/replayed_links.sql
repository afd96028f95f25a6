{{ config(materialized='incremental', unique_key=['broken_component_id']) }}

with

{% call reached() %}
    select component_id as broken_component_id from {{ changed('replay_items') }}
    union all
    select component_id as broken_component_id from {{ changed('replay_verdicts') }}
{% endcall %}

kept as (
    select items.*
    from {{ part(ref('replay_items'), {'component_id': 'broken_component_id'}) }} as items
    left join {{ ref('replay_verdicts') }} as verdicts
        on verdicts.component_id = items.component_id and verdicts.place = items.place
    where verdicts.place is null
),

last_observed as (
    select
        record_key,
        namespace,
        comparison_value,
        max(last_observed_at) as last_observed_at
    from {{ part(ref('comparison_values'), ['record_key'], of='kept') }}
    where refusal_reason is null
    group by record_key, namespace, comparison_value
),

centres as (
    select
        namespace,
        comparison_value,
        min(left_node) as node,
        min_by(record_key, left_node) as record_key
    from kept
    where link_kind = 'exact'
    group by namespace, comparison_value
)

select
    centres.node as node_a,
    kept.left_node as node_b,
    centres.record_key as record_key_a,
    kept.record_key as record_key_b,
    kept.link_kind,
    kept.namespace,
    kept.comparison_value,
    kept.match_probability,
    last_observed.last_observed_at,
    kept.component_id as broken_component_id
from kept
inner join centres
    on
        centres.namespace = kept.namespace
        and centres.comparison_value = kept.comparison_value
inner join last_observed
    on
        last_observed.record_key = kept.record_key
        and last_observed.namespace = kept.namespace
        and last_observed.comparison_value = kept.comparison_value
where kept.link_kind = 'exact' and kept.left_node <> centres.node
union all
select
    left_node as node_a,
    right_node as node_b,
    record_key as record_key_a,
    other_record_key as record_key_b,
    link_kind,
    namespace,
    comparison_value,
    match_probability,
    cast(null as timestamp) as last_observed_at,
    component_id as broken_component_id
from kept
where link_kind <> 'exact'
