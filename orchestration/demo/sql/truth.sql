-- What really happened, and how many rows of every kind were written for it.

create or replace temp table truth_people as
with sums as (
    select
        person_id,
        min(ordered_second) as first_second,
        count(*) as order_count,
        sum(total_cents)::bigint as gross_cents
    from purchases
    group by person_id
)

select
    people.person_id,
    buyers.purchase_rate as purchase_rate_per_week,
    buyers.dropout_probability,
    buyers.spend_rate,
    strftime(instant(sums.first_second), '%Y-%m-%d %H:%M:%S') as first_purchase_at,
    coalesce(sums.order_count, 0) as order_count,
    euros(coalesce(sums.gross_cents, 0)) as gross_amount,
    members_of.is_buyer
from people
inner join members_of using (person_id)
left join buyers using (person_id)
left join sums using (person_id);

create or replace temp table truth_records as
with cookie_use as (
    select cookie_key, person_id, count(*) as event_count
    from human_events
    group by cookie_key, person_id
),

-- A shared device belongs to whoever uses it most.
cookie_owners as (
    select cookie_key, person_id
    from cookie_use
    qualify row_number() over (partition by cookie_key order by event_count desc, person_id) = 1
)

select 'web_shop' as source_system, customer_id as source_record_id, person_id from shop_accounts
union all
select 'loyalty', member_no, person_id from loyalty_members
union all
select 'email_marketing', contact_id, person_id from contacts
union all
select 'web_tracking', key_text(cookie_key), person_id from cookie_owners
union all
select distinct 'web_tracking', key_text(subkey(subkey(bot_key, 'cookie'), 0)),
    null::bigint
from bot_events;

-- One row per table and kind of row; the chunks' rows are summed at the end.
insert into row_counts
select 'web_shop/customers', defect, count(*) from web_shop_customers group by all
union all
select 'web_shop/orders', defect, count(*) from web_shop_orders group by all
union all
select 'web_shop/orders', 'late', count(*) from web_shop_orders
where is_late and defect = 'good'
union all
select 'web_shop/order_lines', defect, count(*) from web_shop_order_lines group by all
union all
select 'loyalty/members', defect, count(*) from loyalty_members_file group by all
union all
select 'loyalty/points_ledger', defect, count(*) from loyalty_points_ledger group by all
union all
select 'web_tracking/events', defect, count(*) from written_events group by all
union all
select 'email_marketing/contacts', defect, count(*) from email_marketing_contacts group by all
union all
select 'email_marketing/message_events', defect, count(*)
from email_marketing_message_events group by all
union all
select 'email_marketing/consents', defect, count(*) from email_marketing_consents group by all
union all
select table_name, 'broken_line', count(*) from broken_lines group by all;

insert into amounts
select 'people', count(*)::bigint from people
union all
select 'buyers', count(*)::bigint from buyers
union all
select 'customers', count(*)::bigint from shop_accounts
union all
select 'members', count(*)::bigint from loyalty_members
union all
select 'contacts', count(*)::bigint from contacts
union all
select 'orders_completed', count(*)::bigint from orders where status = 'completed'
union all
select 'orders_cancelled', count(*)::bigint from orders where status = 'cancelled'
union all
select 'order_lines', count(*)::bigint from order_lines
union all
select 'return_lines', count(*)::bigint from return_lines
union all
select 'gross_cents', coalesce(sum(total_cents), 0)::bigint from orders where status = 'completed'
union all
select 'returned_cents', coalesce(sum(returned_cents), 0)::bigint from return_lines
union all
select 'ledger_entries', count(*)::bigint from ledger
union all
select 'points', coalesce(sum(points), 0)::bigint from ledger
union all
select 'points_' || entry_type, sum(points)::bigint from ledger group by entry_type
union all
select 'human_events', count(*)::bigint from human_events
union all
select 'bot_events', count(*)::bigint from bot_events
union all
select 'bot_cookies', count(distinct bot_key)::bigint from bot_events
union all
select 'message_events', count(*)::bigint from message_events
union all
select 'consents', count(*)::bigint from consents;
