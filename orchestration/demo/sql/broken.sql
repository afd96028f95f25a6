-- Lines no parser can read as a row, written as text at the end of their file. Each keeps its
-- quotes closed within the line, so the damage ends with it. Person 1 lends the key for lines that
-- are always there, however small the company: two among the orders, one among the events.

create or replace temp table broken_lines as
with broken_rows as (
    select 'web_shop/orders' as table_name, order_key as k, order_id as id,
        pick(order_key, 'how broken', 3) as kind
    from orders
    where draw(order_key, 'broken line') < $broken_line_rate
    union all
    select 'web_shop/orders', k, 'O0', unnest([0, 1]) from people where person_id = 1
    union all
    select 'web_shop/order_lines', line_key, order_id, pick(line_key, 'how broken', 3)
    from order_lines
    where draw(line_key, 'broken line') < $broken_line_rate
    union all
    select 'web_shop/customers', record_key, customer_id, pick(record_key, 'how broken', 3)
    from shop_accounts
    where draw(record_key, 'broken line') < $broken_line_rate
    union all
    select 'email_marketing/message_events', event_key, contact_id,
        pick(event_key, 'how broken', 3)
    from message_events
    where draw(event_key, 'broken line') < $broken_line_rate
    union all
    select 'web_tracking/events', event_key, event_id(session_key, step), 3
    from human_events
    where draw(event_key, 'broken line') < $broken_line_rate
    union all
    select 'web_tracking/events', k, event_id(k, 0), 3 from people where person_id = 1
)

select
    table_name,
    k as sort_key,
    case kind
        when 0 then id || ',cut'
        when 1 then '"' || id || '" copied by hand,"' || id || '",x,x'
        when 2 then id || repeat(',too many', 17)
        else '{"event_id": "' || id || '", "occurred_at": "20'
    end as line
from broken_rows;
