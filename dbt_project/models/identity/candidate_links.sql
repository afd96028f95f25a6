{{ config(materialized='incremental', unique_key=['link_id']) }}

with

{% call reached() %}
    -- A value's links are a star of all records that show it.
    with

    new_records as (
        select record_key from {{ changed('customer_records') }}
        union
        select record_key from {{ changed('identity_observations') }}
    ),

    reached_pairs as (
        select record_key_a, record_key_b from {{ changed('scored_pairs') }}
        union all
        select record_key_a, record_key_b from {{ changed('outdone_pairs') }}
        union all
        select record_key_a, record_key_b from {{ changed('rule_pairs') }}
        union all
        select record_key_a, record_key_b from {{ changed('active_overrides') }}
        union all
        -- Decisions that wait for a record.
        select record_key_a, record_key_b
        from {{ ref('active_overrides') }}
        where
            record_key_a in (select record_key from new_records)
            or record_key_b in (select record_key from new_records)
    )

    select
        value_id as link_id,
        null as record_key_a,
        null as record_key_b
    from {{ changed('comparison_values') }}
    union all
    select
        {{ hash60("record_key_a || ' ' || record_key_b") }} as link_id,
        record_key_a,
        record_key_b
    from reached_pairs
{% endcall %}

accepted as (
    select
        record_key,
        node_id as node,
        namespace,
        comparison_value,
        value_id,
        last_observed_at
    from {{ part(ref('comparison_values'), {'value_id': 'link_id'}) }}
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
),

-- Grouped, because a record may hold one value in two spellings.
exact_links as (
    select
        centres.node as node_a,
        accepted.node as node_b,
        centres.record_key as record_key_a,
        accepted.record_key as record_key_b,
        'exact' as link_kind,
        accepted.namespace,
        accepted.comparison_value,
        cast(null as double) as match_probability,
        max(accepted.last_observed_at) as last_observed_at,
        min(accepted.value_id) as link_id
    from accepted
    inner join centres
        on
            centres.namespace = accepted.namespace
            and centres.comparison_value = accepted.comparison_value
    where accepted.node <> centres.node
    group by
        centres.node, accepted.node, centres.record_key, accepted.record_key, accepted.namespace,
        accepted.comparison_value
),

always_links as (
    select * from {{ part(ref('active_overrides'), ['record_key_a', 'record_key_b']) }}
    where decision = 'always_link'
),

-- A decision may outlive its records; without them it links nothing.
decided_records as (
    select record_key_a as record_key from always_links
    union
    select record_key_b as record_key from always_links
),

found_records as (
    select records.record_key
    from {{ ref('customer_records') }} as records
    inner join decided_records
        on decided_records.record_key = records.record_key
    union
    select records.record_key
    from {{ ref('identity_observations') }} as records
    inner join decided_records
        on decided_records.record_key = records.record_key
),

pairs as (
    select
        scored.record_key_a,
        scored.record_key_b,
        'probabilistic' as link_kind,
        cast(null as string) as namespace,
        scored.match_probability,
        cast(null as timestamp) as last_observed_at
    from {{ part(ref('scored_pairs'), ['record_key_a', 'record_key_b']) }} as scored
    left join {{ ref('outdone_pairs') }} as outdone
        on
            outdone.record_key_a = scored.record_key_a
            and outdone.record_key_b = scored.record_key_b
    where scored.decision = 'accept' and outdone.record_key_a is null
    union all
    select
        record_key_a,
        record_key_b,
        'rule' as link_kind,
        rule as namespace,
        cast(null as double) as match_probability,
        cast(null as timestamp) as last_observed_at
    from {{ part(ref('rule_pairs'), ['record_key_a', 'record_key_b']) }}
    where decision = 'link'
    union all
    select
        always_links.record_key_a,
        always_links.record_key_b,
        'always_link' as link_kind,
        cast(null as string) as namespace,
        cast(null as double) as match_probability,
        cast(always_links.valid_from as timestamp) as last_observed_at
    from always_links
    inner join found_records as found_a
        on found_a.record_key = always_links.record_key_a
    inner join found_records as found_b
        on found_b.record_key = always_links.record_key_b
)

select
    node_a,
    node_b,
    record_key_a,
    record_key_b,
    link_kind,
    namespace,
    comparison_value,
    match_probability,
    last_observed_at,
    link_id
from exact_links
union all
select
    {{ hash60('record_key_a') }} as node_a,
    {{ hash60('record_key_b') }} as node_b,
    record_key_a,
    record_key_b,
    link_kind,
    namespace,
    cast(null as string) as comparison_value,
    match_probability,
    last_observed_at,
    {{ hash60("record_key_a || ' ' || record_key_b") }} as link_id
from pairs
