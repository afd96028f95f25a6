{{ config(materialized='incremental', unique_key=['session_id']) }}

{% set record = ['source_system', 'source_record_id'] %}

with

{% call reached() %}
    select session_id from {{ changed('sessions') }}
    union all
    select session_id
    from {{ ref('sessions') }}
    semi join {{ changed('identity_map') }} using ({{ record | join(', ') }})
    union all
    select session_id
    from {{ ref('sessions') }}
    where login in (
        -- Those that somebody has got or lost; how many records of his show one is no matter.
        select identity_value
        from {{ changed('profile_identities') }}
        where namespace = 'login'
        group by profile_id, identity_value
        having count(*) = 1
    )
{% endcall %}

sessions as (
    select * from {{ part(ref('sessions'), ['session_id']) }}
),

identity_map as (
    select * from {{ part(ref('identity_map'), record, of='sessions') }}
),

-- As in recorded_activities: one that several business units know says nobody.
people_by_login as (
    select
        identity_value as login,
        min(profile_id) as profile_id
    from {{ part(ref('profile_identities'), {'identity_value': 'login'}, of='sessions') }}
    where namespace = 'login'
    group by identity_value
    having min(profile_id) = max(profile_id)
)

select
    sessions.session_id,
    coalesce(people_by_login.profile_id, identity_map.profile_id) as profile_id,
    sessions.source_system,
    sessions.started_at,
    sessions.ended_at,
    sessions.duration_seconds,
    sessions.event_count,
    sessions.page_view_count,
    sessions.landing_page,
    sessions.exit_page,
    sessions.device_type,
    sessions.utm_source,
    sessions.utm_medium,
    sessions.utm_campaign,
    sessions.utm_term,
    sessions.utm_content,
    sessions.browsed_at,
    sessions.browsed_product_id,
    sessions.carted_at,
    sessions.carted_product_id,
    sessions.purchased_at
from sessions
left join identity_map
    on
        identity_map.source_system = sessions.source_system
        and identity_map.source_record_id = sessions.source_record_id
left join people_by_login
    on people_by_login.login = sessions.login
