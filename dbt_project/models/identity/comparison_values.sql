{{ config(materialized='incremental', unique_key=['record_key', 'namespace', 'identity_value']) }}

with

{% call reached() %}
    -- A value is judged by all records that show it.
    with

    reached_values as (
        {{ changed_candidates() }}
        union
        -- Those that a limit, learned from all values, judges otherwise than before.
        select sizes.namespace, sizes.normalised_value
        from {{ ref('value_sizes') }} as sizes
        inner join (
            select
                namespace,
                min(record_limit) as smaller_limit
            from {{ changed('value_limits') }}
            group by namespace
            having min(record_limit) < max(record_limit) or min(fixed_limit) < max(fixed_limit)
        ) as limits
            on
                limits.namespace = sizes.namespace
                and limits.smaller_limit < sizes.record_count
    )

    select record_key, namespace, identity_value from {{ changed('normalised_values') }}
    union all
    select record_key, namespace, identity_value
    from {{ ref('normalised_values') }}
    semi join reached_values using (namespace, normalised_value)
    union all
    select record_key, namespace, identity_value
    from {{ ref('normalised_values') }}
    semi join {{ changed('record_units') }} using (record_key)
    union all
    select record_key, namespace, identity_value
    from {{ ref('normalised_values') }}
    semi join {{ changed('values_of_several_units') }} using (namespace, normalised_value)
{% endcall %}

normalised_values as (
    select * from {{ part(ref('normalised_values'), ['record_key', 'namespace', 'identity_value']) }}
),

refused_before as (
    -- A value may be refused on sight and be outdated as well; the first reason counts.
    select
        record_key,
        namespace,
        identity_value,
        refusal_reason,
        refusal_evidence
    from {{ part(ref('refused_on_sight'), ['record_key', 'namespace', 'identity_value']) }}
    union all
    select
        outdated.record_key,
        outdated.namespace,
        outdated.identity_value,
        outdated.refusal_reason,
        outdated.refusal_evidence
    from {{ part(ref('refused_as_outdated'), ['record_key', 'namespace', 'identity_value']) }} as outdated
    left join {{ ref('refused_on_sight') }} as on_sight
        on
            on_sight.record_key = outdated.record_key
            and on_sight.namespace = outdated.namespace
            and on_sight.identity_value = outdated.identity_value
    where on_sight.record_key is null
),

candidates as (
    select normalised_values.*
    from normalised_values
    left join refused_before
        on
            refused_before.record_key = normalised_values.record_key
            and refused_before.namespace = normalised_values.namespace
            and refused_before.identity_value = normalised_values.identity_value
    where refused_before.record_key is null
),

oversized_values as (
    select
        candidates.namespace,
        candidates.normalised_value,
        cast(count(*) as string) || ' records, ' || case
            when max(limits.record_limit) < max(limits.fixed_limit)
                then 'more than the values of this namespace let expect:'
            else 'limit'
        end || ' ' || cast(max(limits.record_limit) as string) as evidence
    from candidates
    inner join {{ ref('value_limits') }} as limits
        on limits.namespace = candidates.namespace
    group by candidates.namespace, candidates.normalised_value
    having count(*) > max(limits.record_limit)
),

judged as (
    select
        normalised_values.*,
        people.namespace is not null as is_shared,
        people.person_mark,
        case when several_units.namespace is not null then record_units.business_unit_id end
            as business_unit_id,
        -- What links within rules only is marked with its record, so that no two records share it.
        normalised_values.namespace in (
            select field from {{ ref('record_match_rules') }}
            where effect = 'not_alone'
        ) as is_not_alone,
        case
            when refused_before.record_key is not null then refused_before.refusal_reason
            when oversized_values.namespace is not null then 'too_many_records'
            when people.namespace is not null and people.person_mark is null then 'shared_value'
            when several_units.namespace is not null and record_units.record_key is null
                then 'several_units'
        end as refusal_reason,
        coalesce(refused_before.refusal_evidence, oversized_values.evidence) as evidence
    from normalised_values
    left join refused_before
        on
            refused_before.record_key = normalised_values.record_key
            and refused_before.namespace = normalised_values.namespace
            and refused_before.identity_value = normalised_values.identity_value
    left join oversized_values
        on
            oversized_values.namespace = normalised_values.namespace
            and oversized_values.normalised_value = normalised_values.normalised_value
    left join {{ ref('people_at_shared_values') }} as people
        on
            people.namespace = normalised_values.namespace
            and people.normalised_value = normalised_values.normalised_value
            and people.person_description = normalised_values.person_description
    left join {{ ref('values_of_several_units') }} as several_units
        on
            several_units.namespace = normalised_values.namespace
            and several_units.normalised_value = normalised_values.normalised_value
    left join {{ part(ref('record_units'), ['record_key'], of='normalised_values') }} as record_units
        on record_units.record_key = normalised_values.record_key
)

select
    record_key,
    source_system,
    source_record_id,
    namespace,
    identity_value,
    normalised_value,
    case
        when is_not_alone and refusal_reason is null then normalised_value || '|' || record_key
        when is_shared and refusal_reason is null then normalised_value || '|' || person_mark
        else normalised_value
    end || case
        when business_unit_id is not null and refusal_reason is null then '|unit ' || business_unit_id
        else ''
    end as comparison_value,
    case when is_shared then coalesce(person_mark, record_key) end as person_mark,
    {{ hash60('record_key') }} as node_id,
    {{ hash60("namespace || ' ' || comparison_value") }} as value_id,
    birth_date,
    given_name,
    observation_count,
    last_observed_at,
    refusal_reason,
    case
        when refusal_reason = 'shared_value'
            then 'several people share it, and this record does not say which of them it is'
        when refusal_reason = 'several_units'
            then 'records of several business units show it, and this one is of none'
        when refusal_reason is not null then evidence
    end as refusal_evidence
from judged
