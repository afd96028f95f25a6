{{ config(materialized='view') }}

with

changes as (
    select
        *,
        lead(changed_on) over by_time as ended_on,
        lead(cause) over by_time as leaving_cause
    from {{ ref('membership_changes') }}
    window by_time as (partition by profile_id, segment_name order by changed_on)
),

refresh_period as (
    select as_of_on
    from {{ ref('refresh_period') }}
)

select
    changes.profile_id,
    changes.segment_name,
    changes.changed_on as valid_from,
    changes.ended_on as valid_to,
    case
        when changes.ended_on is not null then 'left'
        when changes.changed_on = refresh_period.as_of_on then 'entered'
        else 'stays'
    end as status,
    changes.reason,
    changes.cause as entering_cause,
    changes.leaving_cause,
    changes.computed_at
from changes
cross join refresh_period
where changes.change = 'entered'
