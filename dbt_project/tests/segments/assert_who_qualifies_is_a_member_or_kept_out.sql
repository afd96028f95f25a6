-- Nobody who fulfils a rule may be lost on the way to the members, and nobody else may be one.
with

qualified as (
    select
        profile_id,
        segment_name
    from {{ ref('segment_qualifications') }}
),

accounted_for as (
    select
        profile_id,
        segment_name
    from {{ ref('segment_membership') }}
    union all
    select
        profile_id,
        segment_name
    from {{ ref('kept_out') }}
),

counts as (
    select
        profile_id,
        segment_name,
        1 as count_qualified,
        0 as count_accounted_for
    from qualified
    union all
    select
        profile_id,
        segment_name,
        0 as count_qualified,
        1 as count_accounted_for
    from accounted_for
)

select
    profile_id,
    segment_name,
    sum(count_qualified) as qualified,
    sum(count_accounted_for) as accounted_for
from counts
group by
    profile_id,
    segment_name
having sum(count_qualified) <> 1 or sum(count_accounted_for) <> 1
