{{ config(materialized='incremental', unique_key=['source_system', 'source_activity_id']) }}

{#- An order and an event of one system may have one key, and then both are reached. -#}
{% set record = ['source_system', 'source_record_id'] %}
{% set keys = {
    'events': 'event_id', 'orders': 'order_id', 'message_events': 'message_event_id',
    'support_contacts': 'support_contact_id', 'interactions': 'interaction_id'
} %}
{% set key_of = {} %}
{% for entity, key in keys.items() %}
    {% do key_of.update({entity: {'source_system': 'source_system', key: 'source_activity_id'}}) %}
{% endfor %}
{% set login = 'lower(' ~ without_blanks('login') ~ ')' %}

with

{% call reached() %}
    select source_system, order_id as source_activity_id from {{ changed('order_lines') }}
    union all
    select source_system, event_id as source_activity_id
    from {{ ref('events') }}
    where
        login is not null
        and {{ login }} in (
            -- Those that somebody has got or lost; how many records of his show one is no matter.
            select identity_value
            from {{ changed('profile_identities') }}
            where namespace = 'login'
            group by profile_id, identity_value
            having count(*) = 1
        )
    {% for entity, key in keys.items() %}
        union all
        select source_system, {{ key }} as source_activity_id from {{ changed(entity) }}
        union all
        select source_system, {{ key }} as source_activity_id
        from {{ ref(entity) }}
        semi join {{ changed('identity_map') }} using ({{ record | join(', ') }})
    {% endfor %}
{% endcall %}

orders as (
    select * from {{ part(ref('orders'), key_of['orders']) }}
),

-- What is bought makes an order; where all lines are returns the booking is a credit note.
booked as (
    select
        source_system,
        order_id,
        {{ is_order() }} as is_order,
        cast(sum(quantity) filter (where not is_return) as bigint) as piece_count
    from {{ part(ref('order_lines'), key_of['orders']) }}
    group by source_system, order_id
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
        cast(null as bigint) as piece_count,
        url_path,
        cast(null as string) as campaign_id,
        cast(null as string) as channel,
        cast(null as string) as topic,
        {{ login }} as login
    from {{ part(ref('events'), key_of['events']) }}
    union all
    select
        orders.source_system,
        orders.source_record_id,
        'order' as entity,
        orders.order_id as source_activity_id,
        case when booked.is_order is false then 'credit_note_' else 'order_' end || orders.status
            as activity_type,
        orders.ordered_at as occurred_at,
        orders.gross_amount as amount,
        orders.currency,
        cast(null as bigint) as points,
        cast(null as string) as product_id,
        booked.piece_count,
        cast(null as string) as url_path,
        cast(null as string) as campaign_id,
        cast(null as string) as channel,
        cast(null as string) as topic,
        cast(null as string) as login
    from orders
    left join booked
        on
            orders.source_system = booked.source_system
            and orders.order_id = booked.order_id
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
        cast(null as bigint) as piece_count,
        url as url_path,
        campaign_id,
        channel,
        cast(null as string) as topic,
        cast(null as string) as login
    from {{ part(ref('message_events'), key_of['message_events']) }}
    union all
    select
        source_system,
        source_record_id,
        'support_contact' as entity,
        support_contact_id as source_activity_id,
        'support_contact' as activity_type,
        opened_at as occurred_at,
        cast(null as decimal(18, 2)) as amount,
        cast(null as string) as currency,
        cast(null as bigint) as points,
        cast(null as string) as product_id,
        cast(null as bigint) as piece_count,
        cast(null as string) as url_path,
        cast(null as string) as campaign_id,
        channel,
        topic,
        cast(null as string) as login
    from {{ part(ref('support_contacts'), key_of['support_contacts']) }}
    union all
    select
        source_system,
        source_record_id,
        'interaction' as entity,
        interaction_id as source_activity_id,
        interaction_type as activity_type,
        occurred_at,
        cast(null as decimal(18, 2)) as amount,
        cast(null as string) as currency,
        cast(null as bigint) as points,
        cast(null as string) as product_id,
        cast(null as bigint) as piece_count,
        cast(null as string) as url_path,
        cast(null as string) as campaign_id,
        cast(null as string) as channel,
        coalesce(object_name, object_id) as topic,
        cast(null as string) as login
    from {{ part(ref('interactions'), key_of['interactions']) }}
),

identity_map as (
    select * from {{ part(ref('identity_map'), record, of='happened') }}
),

-- A login belongs to one person; one that several business units know says nobody.
people_by_login as (
    select
        identity_value as login,
        min(profile_id) as profile_id
    from {{ part(ref('profile_identities'), {'identity_value': 'login'}, of='happened') }}
    where namespace = 'login'
    group by identity_value
    having min(profile_id) = max(profile_id)
)

select
    coalesce(people_by_login.profile_id, identity_map.profile_id) as profile_id,
    md5(happened.source_system || ':' || happened.entity || ':' || happened.source_activity_id)
        as activity_id,
    happened.source_system,
    happened.entity as source_entity,
    happened.source_activity_id,
    happened.activity_type,
    happened.occurred_at,
    happened.amount,
    happened.currency,
    happened.points,
    happened.product_id,
    happened.piece_count,
    happened.url_path,
    happened.campaign_id,
    happened.channel,
    happened.topic
from happened
left join identity_map
    on
        identity_map.source_system = happened.source_system
        and identity_map.source_record_id = happened.source_record_id
left join people_by_login
    on people_by_login.login = happened.login
-- A look-up of a person then reads the row groups only that the id can be in.
order by profile_id nulls last
