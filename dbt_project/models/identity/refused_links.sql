{{ config(materialized='incremental', unique_key=['source_system', 'source_record_id']) }}

with

{% call reached() %}
    with

    told as (
        select record_key from {{ changed('comparison_values') }}
        union
        select record_key from {{ changed('refused_in_replay') }}
        union
        select record_key_a from {{ changed('rule_pairs') }}
    )

    select
        record_key,
        split_part(record_key, ':', 1) as source_system,
        substr(record_key, instr(record_key, ':') + 1) as source_record_id
    from told
{% endcall %}

refused_values as (
    select
        source_system,
        source_record_id,
        namespace,
        identity_value,
        comparison_value,
        refusal_reason as reason,
        refusal_evidence as evidence
    from {{ part(ref('comparison_values'), ['record_key']) }}
    where refusal_reason is not null
),

refused_in_replay as (
    select * from {{ part(ref('refused_in_replay'), ['record_key']) }}
),

-- Pairs that a rule would join and that never became a link.
refused_by_rule as (
    select
        record_key_a as record_key,
        record_key_b as other_record_key,
        case decision when 'never' then 'never_rule' else 'ambiguous' end as reason,
        case decision
            when 'never' then rule || ' joins the two, ' || never_rule || ' keeps them apart'
            else rule || ' joins one of the two to several records that must stay apart'
        end as evidence
    from {{ part(ref('rule_pairs'), {'record_key_a': 'record_key'}) }}
    where decision <> 'link' and rule is not null
),

-- A record may show one value in two spellings; each of them is refused.
replayed_values as (
    select
        observed.source_system,
        observed.source_record_id,
        observed.namespace,
        observed.identity_value,
        observed.comparison_value,
        refused_in_replay.reason,
        refused_in_replay.evidence
    from refused_in_replay
    inner join {{ part(ref('comparison_values'), ['record_key']) }} as observed
        on
            observed.record_key = refused_in_replay.record_key
            and observed.namespace = refused_in_replay.namespace
            and observed.comparison_value = refused_in_replay.comparison_value
    where refused_in_replay.link_kind = 'exact' and observed.refusal_reason is null
),

refused_values_at_last as (
    select * from refused_values
    union all
    select * from replayed_values
)

select
    source_system,
    source_record_id,
    'exact' as link_kind,
    namespace,
    identity_value,
    comparison_value,
    cast(null as string) as other_record_key,
    reason,
    evidence
from refused_values_at_last
union all
select
    split_part(record_key, ':', 1) as source_system,
    substr(record_key, instr(record_key, ':') + 1) as source_record_id,
    link_kind,
    cast(null as string) as namespace,
    cast(null as string) as identity_value,
    cast(null as string) as comparison_value,
    other_record_key,
    reason,
    evidence
from refused_in_replay
where link_kind <> 'exact'
union all
select
    split_part(record_key, ':', 1) as source_system,
    substr(record_key, instr(record_key, ':') + 1) as source_record_id,
    'rule' as link_kind,
    cast(null as string) as namespace,
    cast(null as string) as identity_value,
    cast(null as string) as comparison_value,
    other_record_key,
    reason,
    evidence
from refused_by_rule
