with

accepted as (
    select
        record_key,
        {{ hash60('record_key') }} as node,
        namespace,
        comparison_value
    from {{ ref('comparison_values') }}
    where refusal_reason is null
),

-- A star, not all pairs: a value of n records gives n - 1 links. Values of one record give none.
centres as (
    select
        namespace,
        comparison_value,
        min(node) as node,
        min_by(record_key, node) as record_key
    from accepted
    group by namespace, comparison_value
    having min(node) < max(node)
)

-- Distinct, because a record may hold one value in two spellings.
select distinct
    centres.node as node_a,
    accepted.node as node_b,
    centres.record_key as record_key_a,
    accepted.record_key as record_key_b,
    accepted.namespace,
    accepted.comparison_value
from accepted
inner join centres
    on
        centres.namespace = accepted.namespace
        and centres.comparison_value = accepted.comparison_value
where accepted.node <> centres.node
