-- Two records that an accepted link joins are one person, however long the chain around them is;
-- a stitcher that stops too early is found out here.
with

identity_map as (
    select
        record_key,
        profile_id
    from {{ ref('identity_map') }}
)

select
    links.record_key_a,
    links.record_key_b
from {{ ref('links') }} as links
left join identity_map as a
    on a.record_key = links.record_key_a
left join identity_map as b
    on b.record_key = links.record_key_b
where a.profile_id is null or b.profile_id is null or a.profile_id <> b.profile_id
