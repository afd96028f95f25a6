{{ config(materialized='view') }}

with

changes as (
    select
        profile_id,
        segment_name,
        changed_on,
        change,
        cause
    from {{ ref('membership_changes') }}
),

explained as (
    select *
    from {{ source('ingest', 'membership_reasons') }}
)

select
    changes.profile_id,
    changes.segment_name,
    changes.changed_on,
    changes.change,
    changes.cause,
    case
        when explained.explanation is not null then explained.explanation
        when changes.cause in ('rule', 'identity') then 'not_recorded'
        else changes.cause
    end as explanation,
    explained.says,
    explained.other_profile_id
from changes
left join explained
    on
        changes.profile_id = explained.profile_id
        and changes.segment_name = explained.segment_name
        and changes.changed_on = explained.changed_on
