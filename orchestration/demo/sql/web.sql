-- Visits: those that end in an order, those that only look, and bots.

create or replace temp table session_kinds as
select kind, steps, list_position(steps, 'login') as login_step
from (
    values
    ('order', ['page_view', 'product_view', 'add_to_cart', 'login', 'checkout', 'purchase']),
    ('order at once', ['login', 'product_view', 'add_to_cart', 'checkout', 'purchase']),
    ('order after a search', [
        'page_view', 'login', 'page_view', 'product_view', 'product_view', 'add_to_cart',
        'checkout', 'purchase'
    ]),
    ('glance', ['page_view']),
    ('look', ['page_view', 'product_view', 'product_view']),
    ('cart left', ['page_view', 'product_view', 'add_to_cart', 'checkout']),
    ('member look', ['page_view', 'login', 'page_view', 'product_view']),
    ('member cart left', ['login', 'product_view', 'add_to_cart'])
) as listed (kind, steps);

create or replace temp table sessions as
with visitors as (
    select people.person_id, people.k, people.head_id, people.shares_device,
        members_of.known_since_second,
        1 + (draw(people.k, 'second cookie') < $second_cookie_rate)::integer
        + (draw(people.k, 'third cookie') < $third_cookie_rate)::integer as cookie_count
    from people
    inner join members_of using (person_id)
    where draw(people.k, 'web') < $web_person_rate
),

order_sessions as (
    select
        visitors.person_id,
        subkey(orders.order_key, 'session') as session_key,
        choose(orders.order_key, 'session kind', ['order', 'order at once', 'order after a search'])
            as kind,
        orders.ordered_second as last_second,
        shop_accounts.login,
        order_lines.product_id as first_product_id
    from orders
    inner join visitors using (person_id)
    inner join shop_accounts using (customer_id)
    inner join order_lines on orders.order_id = order_lines.order_id and order_lines.line_number = 1
    where orders.status = 'completed' and draw(orders.order_key, 'tracked') < $tracked_order_rate
),

visit_numbers as (
    select
        person_id, k, known_since_second,
        unnest(range(1, least(30, floor($browsing_mean * exponential(k, 'visits')))::bigint + 1))
            as visit_number
    from visitors
),

looking_sessions as (
    select
        visit_numbers.person_id,
        subkey(subkey(visit_numbers.k, 'visit'), visit_number) as session_key,
        -- An hour before the end at the latest; some visits come before the first order.
        greatest($start_second, known_since_second - 30 * 86400) + 3600 + (
            ($end_second - 7200 - greatest($start_second, known_since_second - 30 * 86400))
            * draw(subkey(subkey(visit_numbers.k, 'visit'), visit_number), 'at')
        )::bigint as last_second,
        shop_accounts.login as own_login,
        coalesce(shop_accounts.created_second, $end_second) as account_second
    from visit_numbers
    left join shop_accounts
        on visit_numbers.person_id = shop_accounts.person_id and shop_accounts.account_number = 1
),

all_sessions as (
    select person_id, session_key, kind, last_second, login, first_product_id
    from order_sessions
    union all
    select person_id, session_key,
        choose(
            session_key, 'kind',
            case
                when account_second < last_second - 3600
                    then ['glance', 'look', 'cart left', 'member look', 'member cart left']
                else ['glance', 'look', 'cart left']
            end
        ),
        last_second, own_login, null
    from looking_sessions
)

select
    all_sessions.person_id,
    session_key,
    session_kinds.steps,
    session_kinds.login_step,
    last_second,
    login,
    first_product_id,
    20 + pick(session_key, 'pace', 70) as step_seconds,
    -- The first cookie of someone who shares a device is the first cookie of the household's head.
    case
        when pick(session_key, 'cookie', cookie_count) = 0 and shares_device
            then subkey(subkey(person_key($seed, head_id), 'cookie'), 0)
        else subkey(subkey(k, 'cookie'), pick(session_key, 'cookie', cookie_count))
    end as cookie_key
from all_sessions
inner join visitors using (person_id)
inner join session_kinds using (kind);

create or replace temp table human_events as
with steps as (
    select *, unnest(steps) as event_type, unnest(range(1, len(steps) + 1)) as step from sessions
)

select
    person_id,
    subkey(session_key, step) as event_key,
    session_key,
    step,
    cookie_key,
    event_type,
    last_second - (len(steps) - step) * step_seconds as occurred_second,
    case when step >= login_step then login end as login,
    case
        when event_type in ('product_view', 'add_to_cart') then coalesce(
            case when event_type = 'add_to_cart' or draw(session_key, 'straight') < 0.7
                then first_product_id end,
            'P' || lpad((1 + pick(subkey(session_key, step), 'product', 400))::varchar, 4, '0')
        )
    end as product_id
from steps;

-- A bot is nobody: it takes its number from a person's id only to be the same in every chunking.
create or replace temp table bot_events as
with bots as (
    select
        subkey(k, 'bot') as bot_key,
        $bot_min_events + pick(k, 'bot events', $bot_max_events - $bot_min_events) as event_count,
        $start_second
        + (($end_second - $start_second - 86400) * draw(k, 'bot at'))::bigint as first_second
    from people
    where draw(k, 'bot') < $bot_rate
),

steps as (
    select *, unnest(range(event_count)) as step from bots
)

select
    bot_key,
    subkey(bot_key, step) as event_key,
    step,
    first_second + step * 6 // 10 as occurred_second,
    'P' || lpad((1 + pick(subkey(bot_key, step), 'product', 400))::varchar, 4, '0') as product_id
from steps;
