-- A pair that a rule keeps apart is in two profiles, unless people decided about both records; a pair
-- that a rule joins is in one, or in refused_links with the reason.
with

people as (
    select
        source_system || ':' || source_record_id as record_key,
        profile_id
    from {{ ref('identity_map') }}
),

pairs as (
    select
        rule_pairs.record_key_a,
        rule_pairs.record_key_b,
        rule_pairs.decision,
        rule_pairs.rule,
        a.profile_id = b.profile_id as is_together
    from {{ ref('rule_pairs') }} as rule_pairs
    inner join people as a
        on a.record_key = rule_pairs.record_key_a
    inner join people as b
        on b.record_key = rule_pairs.record_key_b
),

decided as (
    select record_key_a as record_key
    from {{ ref('active_overrides') }}
    where decision = 'always_link'
    union
    select record_key_b as record_key
    from {{ ref('active_overrides') }}
    where decision = 'always_link'
),

refused as (
    select
        source_system || ':' || source_record_id as record_key_a,
        other_record_key as record_key_b
    from {{ ref('refused_links') }}
    where link_kind = 'rule'
)

select
    pairs.record_key_a,
    pairs.record_key_b,
    pairs.decision
from pairs
left join decided as decided_a
    on decided_a.record_key = pairs.record_key_a
left join decided as decided_b
    on decided_b.record_key = pairs.record_key_b
left join refused
    on
        refused.record_key_a = pairs.record_key_a
        and refused.record_key_b = pairs.record_key_b
where
    (
        pairs.decision = 'never'
        and pairs.is_together
        and (decided_a.record_key is null or decided_b.record_key is null)
    )
    or (
        pairs.rule is not null
        and not pairs.is_together
        and refused.record_key_a is null
    )
