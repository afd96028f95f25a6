-- The web events as they are written; see landing.sql. Events are most of the data: the table stays
-- narrow and in file order, and the view makes the text while the file is written.

create or replace temp table written_events as
with all_events as (
    select event_key, session_key as visit_key, step, occurred_second, cookie_key, login,
        event_type, product_id, false as is_bot
    from human_events
    union all
    select event_key, bot_key, step, occurred_second, subkey(subkey(bot_key, 'cookie'), 0), null,
        'product_view', product_id, true
    from bot_events
)

select
    *,
    unnest(copies(
        event_key, $duplicate_rate, $spoilt_rate,
        ['missing_key', 'unreadable_date', 'future_date']
    )) as defect
from all_events
order by occurred_second, event_key, defect;

create or replace macro device_type(cookie_key) as
    choose(cookie_key, 'device', ['desktop', 'desktop', 'mobile', 'mobile', 'mobile', 'tablet']);

create or replace macro human_agent(cookie_key, device) as
    case device
        when 'desktop' then choose(cookie_key, 'agent', [
            'Mozilla/5.0 (Windows NT 10.0; Win64; x64) Firefox/140.0',
            'Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) Safari/605.1.15',
            'Mozilla/5.0 (X11; Linux x86_64) Chrome/138.0.0.0'
        ])
        when 'mobile' then choose(cookie_key, 'agent', [
            'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) Mobile Safari/604.1',
            'Mozilla/5.0 (Linux; Android 15; Mobile) Chrome/138.0.0.0'
        ])
        else 'Mozilla/5.0 (iPad; CPU OS 18_1 like Mac OS X) Safari/604.1'
    end;

create or replace temp view web_tracking_events as
with devices as (
    select
        *,
        case when is_bot then 'desktop' else device_type(cookie_key) end as device_type
    from written_events
)

select
    case when defect != 'missing_key' then event_id(visit_key, step) end as event_id,
    spoilt_instant(strftime(instant(occurred_second), '%Y-%m-%dT%H:%M:%SZ'), defect)
        as occurred_at,
    key_text(cookie_key) as cookie_id,
    login,
    event_type,
    'https://shop.example.com' || case
        when product_id is not null then '/product/' || product_id
        when event_type = 'page_view' then choose(event_key, 'page', [
            '/', '/', '/category/kitchen', '/category/garden', '/category/books',
            '/category/toys', '/sale', '/search'
        ])
        when event_type = 'checkout' then '/checkout'
        when event_type = 'purchase' then '/order/confirmed'
        else '/' || event_type
    end as url,
    product_id,
    device_type,
    case when is_bot
        then choose(cookie_key, 'bot agent', [
            'Mozilla/5.0 (compatible; ShelfCrawler/2.1; +https://crawler.example)',
            'PriceSpider/1.4', 'examplebot/3.0 (+https://bot.example/info)',
            'python-requests/2.31.0'
        ])
        else human_agent(cookie_key, device_type)
    end as user_agent
from devices;
