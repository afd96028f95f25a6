{{ config(materialized='incremental', unique_key=['record_key', 'namespace', 'identity_value']) }}

with

{% call reached() %}
    -- A value is judged by all records that show it.
    with

    reached_values as (
        select namespace, normalised_value from {{ changed('normalised_values') }}
        union
        select namespace, normalised_value
        from {{ ref('normalised_values') }}
        semi join {{ changed('refused_on_sight') }} using (record_key, namespace)
        union
        select namespace, normalised_value from {{ changed('refused_as_outdated') }}
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

-- Two people show where birth dates differ and names do not agree, or where names differ and a
-- birth date is missing. Extremes say so without a distinct count per value.
suspicious_values as (
    select
        candidates.namespace,
        candidates.normalised_value,
        cast(count(*) as string) || ' records, ' || case
            when count(*) <= max(limits.record_limit) then null
            when max(limits.record_limit) < max(limits.fixed_limit)
                then 'more than the values of this namespace let expect:'
            else 'limit'
        end || ' ' || cast(max(limits.record_limit) as string) as oversized_evidence,
        bool_and(namespaces.splits_by_person)
        and (
            (
                min(candidates.birth_date) < max(candidates.birth_date)
                and (
                    min(candidates.name_start) < max(candidates.name_start)
                    or count(
                        case when candidates.birth_date is not null then candidates.name_start end
                    ) < count(candidates.birth_date)
                )
            )
            or (
                min(candidates.initial) < max(candidates.initial)
                and min(candidates.name_start) < max(candidates.name_start)
                and count(candidates.birth_date) < count(*)
            )
        ) as is_shared
    from candidates
    inner join {{ ref('identity_namespaces') }} as namespaces
        on namespaces.namespace = candidates.namespace
    left join {{ ref('value_limits') }} as limits
        on limits.namespace = candidates.namespace
    group by candidates.namespace, candidates.normalised_value
    having oversized_evidence is not null or is_shared
),

-- In a shared value a record without birth date follows its name where that is one person's.
people_by_name as (
    select
        candidates.namespace,
        candidates.normalised_value,
        candidates.name_start,
        coalesce(cast(min(candidates.birth_date) as string), candidates.name_start) as person_mark
    from candidates
    inner join suspicious_values
        on
            suspicious_values.namespace = candidates.namespace
            and suspicious_values.normalised_value = candidates.normalised_value
    where suspicious_values.is_shared and candidates.name_start is not null
    group by candidates.namespace, candidates.normalised_value, candidates.name_start
    having
        count(candidates.birth_date) = 0
        or min(candidates.birth_date) = max(candidates.birth_date)
),

judged as (
    select
        normalised_values.*,
        coalesce(suspicious_values.is_shared, false) as is_shared,
        -- What links within rules only is marked with its record, so that no two records share it.
        normalised_values.namespace in (
            select field from {{ ref('record_match_rules') }}
            where effect = 'not_alone'
        ) as is_not_alone,
        coalesce(cast(normalised_values.birth_date as string), people_by_name.person_mark)
            as person_mark,
        case
            when refused_before.record_key is not null then refused_before.refusal_reason
            when suspicious_values.oversized_evidence is not null then 'too_many_records'
            when
                suspicious_values.is_shared
                and normalised_values.birth_date is null
                and people_by_name.person_mark is null
                then 'shared_value'
        end as refusal_reason,
        coalesce(refused_before.refusal_evidence, suspicious_values.oversized_evidence) as evidence
    from normalised_values
    left join refused_before
        on
            refused_before.record_key = normalised_values.record_key
            and refused_before.namespace = normalised_values.namespace
            and refused_before.identity_value = normalised_values.identity_value
    left join suspicious_values
        on
            suspicious_values.namespace = normalised_values.namespace
            and suspicious_values.normalised_value = normalised_values.normalised_value
    left join people_by_name
        on
            people_by_name.namespace = normalised_values.namespace
            and people_by_name.normalised_value = normalised_values.normalised_value
            and people_by_name.name_start = normalised_values.name_start
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
    end as comparison_value,
    {{ hash60('record_key') }} as node_id,
    {{ hash60("namespace || ' ' || comparison_value") }} as value_id,
    birth_date,
    given_name,
    observation_count,
    last_observed_at,
    refusal_reason,
    case
        when refusal_reason = 'shared_value'
            then 'people of different names or birth dates share it; this record says neither'
        when refusal_reason is not null then evidence
    end as refusal_evidence
from judged
