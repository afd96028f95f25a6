with

segment_qualifications as (
    select
        profile_id,
        segment_name
    from {{ ref('segment_qualifications') }}
),

definitions as (
    select
        segment_name,
        keeps_opted_out
    from {{ ref('definitions') }}
),

expired_profiles as (
    select profile_id
    from {{ ref('expired_profiles') }}
),

-- A no to everything, from everybody, on every channel.
opted_out as (
    select distinct profile_id
    from {{ ref('consent') }}
    where
        code = 'n'
        and purpose = 'any'
        and channel = 'any'
        and topic = 'any'
        and contact_value = 'any'
)

select
    segment_qualifications.profile_id,
    segment_qualifications.segment_name,
    case when expired_profiles.profile_id is not null then 'expired' else 'opted_out' end as cause
from segment_qualifications
inner join definitions
    on segment_qualifications.segment_name = definitions.segment_name
left join expired_profiles
    on segment_qualifications.profile_id = expired_profiles.profile_id
left join opted_out
    on segment_qualifications.profile_id = opted_out.profile_id
where
    expired_profiles.profile_id is not null
    or opted_out.profile_id is not null
    and not definitions.keeps_opted_out
