with

-- Somebody has decided about the others already.
scored_pairs as (
    select
        pairs.* exclude (doubt),
        case
            when outdone.record_key_a is not null then 'a surer match has another name'
            else pairs.doubt
        end as doubt
    from {{ ref('scored_pairs') }} as pairs
    left join {{ ref('outdone_pairs') }} as outdone
        on
            outdone.record_key_a = pairs.record_key_a
            and outdone.record_key_b = pairs.record_key_b
    left join {{ ref('active_overrides') }} as decided
        on
            decided.record_key_a = pairs.record_key_a
            and decided.record_key_b = pairs.record_key_b
    where
        (pairs.decision = 'review' or outdone.record_key_a is not null)
        and decided.record_key_a is null
),

identity_map as (
    select * from {{ ref('identity_map') }}
)

select
    cast(row_number() over (
        order by
            scored_pairs.match_probability desc nulls last,
            scored_pairs.match_weight desc nulls last,
            scored_pairs.record_key_a asc,
            scored_pairs.record_key_b asc
    ) as bigint) as place,
    scored_pairs.record_key_a,
    scored_pairs.record_key_b,
    record_a.source_system as source_system_a,
    record_a.source_record_id as source_record_id_a,
    record_b.source_system as source_system_b,
    record_b.source_record_id as source_record_id_b,
    record_a.profile_id as profile_id_a,
    record_b.profile_id as profile_id_b,
    scored_pairs.match_probability,
    scored_pairs.match_weight,
    scored_pairs.doubt,
    scored_pairs.comparison_levels,
    scored_pairs.model_version
from scored_pairs
inner join identity_map as record_a
    on record_a.record_key = scored_pairs.record_key_a
inner join identity_map as record_b
    on record_b.record_key = scored_pairs.record_key_b
where record_a.profile_id <> record_b.profile_id
