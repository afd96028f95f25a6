-- What a record brings along that a profile may hold once only, besides its identity values: a
-- source without duplicates gives each profile one record, nobody is of two business units, and a pair
-- that must not be linked is a value with two different contents.
{{ config(materialized='incremental', unique_key=['record_key']) }}

with

{% call reached() %}
    -- What is kept apart by a rule depends on who was decided about.
    with

    decided_anew as (
        select record_key_a as record_key from {{ changed('active_overrides') }}
        union
        select record_key_b as record_key from {{ changed('active_overrides') }}
    )

    select record_key from {{ changed('customer_records') }}
    union all
    select record_key from {{ changed('record_units') }}
    union all
    select record_key from decided_anew
    union all
    select unnest([record_key_a, record_key_b]) as record_key from {{ changed('rule_pairs') }}
    union all
    select unnest([record_key_a, record_key_b]) as record_key
    from {{ ref('rule_pairs') }}
    where
        record_key_a in (select record_key from decided_anew)
        or record_key_b in (select record_key from decided_anew)
{% endcall %}

duplicate_free as (
    select
        records.source_system,
        records.record_key
    from {{ part(ref('customer_records'), ['record_key']) }} as records
    inner join {{ ref('source_precedence') }} as sources
        on sources.source_system = records.source_system
    where sources.is_duplicate_free
),

never_links as (
    select
        record_key_a,
        record_key_b
    from {{ ref('active_overrides') }}
    where decision = 'never_link'
),

-- What people decided stands against any rule.
decided_records as (
    select record_key_a as record_key
    from {{ ref('active_overrides') }}
    where decision = 'always_link'
    union
    select record_key_b as record_key
    from {{ ref('active_overrides') }}
    where decision = 'always_link'
),

kept_apart as (
    select
        rule_pairs.record_key_a,
        rule_pairs.record_key_b
    from {{ ref('rule_pairs') }} as rule_pairs
    left join decided_records as decided_a
        on decided_a.record_key = rule_pairs.record_key_a
    left join decided_records as decided_b
        on decided_b.record_key = rule_pairs.record_key_b
    where
        rule_pairs.decision = 'never'
        and (decided_a.record_key is null or decided_b.record_key is null)
),

exclusive as (
    select
        record_key,
        'duplicate_free_source' as rule,
        source_system as scope,
        record_key as held_value
    from duplicate_free
    union all
    select
        record_key,
        'business_unit' as rule,
        '' as scope,
        business_unit_id as held_value
    from {{ part(ref('record_units'), ['record_key']) }}
    union all
    select
        record_key_a as record_key,
        'never_link' as rule,
        record_key_a || ' ' || record_key_b as scope,
        'a' as held_value
    from never_links
    union all
    select
        record_key_b as record_key,
        'never_link' as rule,
        record_key_a || ' ' || record_key_b as scope,
        'b' as held_value
    from never_links
    union all
    select
        record_key_a as record_key,
        'never_rule' as rule,
        record_key_a || ' ' || record_key_b as scope,
        'a' as held_value
    from kept_apart
    union all
    select
        record_key_b as record_key,
        'never_rule' as rule,
        record_key_a || ' ' || record_key_b as scope,
        'b' as held_value
    from kept_apart
)

select
    record_key,
    {{ hash60('record_key') }} as node,
    rule,
    scope,
    {{ hash60('held_value') }} as value_hash
from {{ part('exclusive', ['record_key']) }}
