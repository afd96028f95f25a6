{{ config(materialized='daily_snapshot') }}

with

this_refresh as (
    {{ this_refresh() }}
),

segment_membership as (
    select
        profile_id,
        segment_name
    from {{ ref('segment_membership') }}
),

segment_sizes as (
    select
        definitions.segment_id,
        definitions.segment_name,
        count(segment_membership.profile_id) as profile_count
    from {{ ref('definitions') }} as definitions
    left join segment_membership
        on definitions.segment_name = segment_membership.segment_name
    where definitions.state <> 'draft'
    group by definitions.segment_id, definitions.segment_name
),

-- Each pair once, in the order of the names.
shared_members as (
    select
        a.segment_name as segment_name_a,
        b.segment_name as segment_name_b,
        count(*) as profile_count
    from segment_membership as a
    inner join segment_membership as b
        on a.profile_id = b.profile_id
    where a.segment_name < b.segment_name
    group by a.segment_name, b.segment_name
),

pairs as (
    select
        a.segment_id as segment_id_a,
        b.segment_id as segment_id_b,
        a.segment_name as segment_name_a,
        b.segment_name as segment_name_b,
        a.profile_count + b.profile_count as both_sizes,
        coalesce(shared_members.profile_count, 0) as profile_count
    from segment_sizes as a
    inner join segment_sizes as b
        on a.segment_name < b.segment_name
    left join shared_members
        on
            a.segment_name = shared_members.segment_name_a
            and b.segment_name = shared_members.segment_name_b
)

-- Two empty segments are equal, so their Jaccard index is 1.
select
    this_refresh.date_key,
    this_refresh.merge_policy_id,
    pairs.segment_id_a,
    pairs.segment_id_b,
    pairs.segment_name_a,
    pairs.segment_name_b,
    {{ unless_small('pairs.profile_count') }} as profile_count,
    {{ unless_small(
        'pairs.profile_count',
        'coalesce(pairs.profile_count / nullif(pairs.both_sizes - pairs.profile_count, 0), 1)',
        'double',
    ) }} as jaccard
from pairs
cross join this_refresh
