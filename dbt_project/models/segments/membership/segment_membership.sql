with

segment_qualifications as (
    select
        profile_id,
        segment_name,
        reason
    from {{ ref('segment_qualifications') }}
),

refresh_period as (
    select as_of_on
    from {{ ref('refresh_period') }}
),

kept_out as (
    select
        profile_id,
        segment_name
    from {{ ref('kept_out') }}
)

select
    segment_qualifications.profile_id,
    segment_qualifications.segment_name,
    segment_qualifications.reason,
    refresh_period.as_of_on
from segment_qualifications
cross join refresh_period
left join kept_out
    on
        segment_qualifications.profile_id = kept_out.profile_id
        and segment_qualifications.segment_name = kept_out.segment_name
where kept_out.profile_id is null
-- A look-up of a person then reads the row groups only that the id can be in.
order by segment_qualifications.profile_id
