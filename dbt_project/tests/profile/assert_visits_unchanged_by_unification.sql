-- Each web event is in one session and each session one person's visit, whoever is found to be whom.
with

web_events as (
    select
        count(*) as event_count,
        count(*) filter (where types.is_page_view) as page_view_count
    from {{ ref('events') }} as events
    left join {{ ref('web_event_types') }} as types
        on types.event_type = events.event_type
    where events.points is null
),

sessions as (
    select
        coalesce(sum(event_count), 0) as event_count,
        coalesce(sum(page_view_count), 0) as page_view_count
    from {{ ref('sessions') }}
),

visits as (
    select
        coalesce(sum(visits.event_count), 0) as event_count,
        coalesce(sum(visits.page_view_count), 0) as page_view_count
    from {{ ref('visits') }} as visits
    inner join {{ ref('profiles') }} as profiles
        on profiles.profile_id = visits.profile_id
)

select
    web_events.event_count as conformed_count,
    sessions.event_count as session_count,
    visits.event_count as visit_count,
    web_events.page_view_count as conformed_page_view_count,
    sessions.page_view_count as session_page_view_count,
    visits.page_view_count as visit_page_view_count
from web_events
cross join sessions
cross join visits
where
    sessions.event_count <> web_events.event_count
    or visits.event_count <> web_events.event_count
    or sessions.page_view_count <> web_events.page_view_count
    or visits.page_view_count <> web_events.page_view_count
