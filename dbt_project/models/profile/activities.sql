with

identity_map as (
    select * from {{ ref('identity_map') }}
),

-- A login belongs to one person only; a device may see several.
people_by_login as (
    select
        identity_value as login,
        min(profile_id) as profile_id
    from {{ ref('profile_identities') }}
    where namespace = 'login'
    group by identity_value
),

happened as (
    select
        source_system,
        source_record_id,
        'event' as entity,
        event_id as source_activity_id,
        event_type as activity_type,
        occurred_at,
        cast(null as decimal(18, 2)) as amount,
        cast(null as string) as currency,
        points,
        product_id,
        cast(null as string) as campaign_id,
        lower({{ without_blanks('login') }}) as login
    from {{ ref('events') }}
    union all
    select
        source_system,
        source_record_id,
        'order' as entity,
        order_id as source_activity_id,
        'order_' || status as activity_type,
        ordered_at as occurred_at,
        gross_amount as amount,
        currency,
        cast(null as bigint) as points,
        cast(null as string) as product_id,
        cast(null as string) as campaign_id,
        cast(null as string) as login
    from {{ ref('orders') }}
    union all
    select
        source_system,
        source_record_id,
        'message' as entity,
        message_event_id as source_activity_id,
        'message_' || event_type as activity_type,
        occurred_at,
        cast(null as decimal(18, 2)) as amount,
        cast(null as string) as currency,
        cast(null as bigint) as points,
        cast(null as string) as product_id,
        campaign_id,
        cast(null as string) as login
    from {{ ref('message_events') }}
)

select
    coalesce(people_by_login.profile_id, identity_map.profile_id) as profile_id,
    md5(happened.source_system || ':' || happened.entity || ':' || happened.source_activity_id)
        as activity_id,
    happened.source_system,
    happened.source_activity_id,
    happened.activity_type,
    happened.occurred_at,
    happened.amount,
    happened.currency,
    happened.points,
    happened.product_id,
    happened.campaign_id
from happened
left join identity_map
    on
        identity_map.source_system = happened.source_system
        and identity_map.source_record_id = happened.source_record_id
left join people_by_login
    on people_by_login.login = happened.login
