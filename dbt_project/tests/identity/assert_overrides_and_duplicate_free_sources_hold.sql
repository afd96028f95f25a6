-- What people decided and what a source promises stands in the result: pairs that must not be
-- linked have two profiles, and a source without duplicates has one record in each.
with

identity_map as (
    select
        source_system,
        source_system || ':' || source_record_id as record_key,
        profile_id
    from {{ ref('identity_map') }}
)

select
    overrides.record_key_a,
    overrides.record_key_b
from {{ ref('active_overrides') }} as overrides
inner join identity_map as a
    on a.record_key = overrides.record_key_a
inner join identity_map as b
    on b.record_key = overrides.record_key_b
where overrides.decision = 'never_link' and a.profile_id = b.profile_id
union all
select
    min(identity_map.record_key) as record_key_a,
    max(identity_map.record_key) as record_key_b
from identity_map
inner join {{ ref('customer_records') }} as customer_records
    on customer_records.record_key = identity_map.record_key
inner join {{ ref('source_precedence') }} as sources
    on sources.source_system = identity_map.source_system
where sources.is_duplicate_free
group by identity_map.source_system, identity_map.profile_id
having count(*) > 1
