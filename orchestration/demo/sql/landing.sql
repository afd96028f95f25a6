-- Rows as they are written: good ones, exact copies, unusable copies. `defect` says which; it and
-- the sort keys stay out of the files. A spoilt row is a copy, so its good original is there too.

create or replace temp table web_shop_customers as
with written as (
    select
        told_records.*,
        shop_accounts.login,
        case
            when loyalty_members.member_no is null
                or draw(told_records.record_key, 'states number') >= $loyalty_number_rate then null
            when draw(told_records.record_key, 'number form') < 0.08
                then lower(loyalty_members.member_no)
            when draw(told_records.record_key, 'number form') < 0.15
                then ' ' || loyalty_members.member_no || ' '
            else loyalty_members.member_no
        end as loyalty_number,
        strftime(instant(updated_second), '%Y-%m-%d %H:%M:%S') as updated_at,
        unnest(copies(
            subkey(told_records.record_key, told_records.version), $duplicate_rate, $spoilt_rate,
            ['missing_key', 'unreadable_date', 'future_date']
        )) as defect
    from told_records
    inner join shop_accounts on told_records.source_record_id = shop_accounts.customer_id
    left join loyalty_members on told_records.person_id = loyalty_members.person_id
    where told_records.source_system = 'web_shop'
)

select
    defect,
    source_record_id as sort_key,
    case when defect != 'missing_key' then source_record_id end as customer_id,
    login,
    strftime(instant(created_second), '%Y-%m-%d %H:%M:%S') as created_at,
    spoilt_instant(updated_at, defect) as updated_at,
    email, first_name, last_name, phone, street, postal_code, city, country_code, birth_date,
    loyalty_number
from written;

create or replace temp table web_shop_orders as
with written as (
    select
        *,
        strftime(instant(ordered_second), '%Y-%m-%d %H:%M:%S') as ordered_at,
        unnest(copies(
            order_key, $duplicate_rate, $spoilt_rate,
            ['missing_key', 'unreadable_date', 'unreadable_amount', 'future_date']
        )) as defect
    from orders
)

select
    defect,
    order_id as sort_key,
    draw(order_key, 'late') < $late_order_rate as is_late,
    case when defect != 'missing_key' then order_id end as order_id,
    customer_id,
    spoilt_instant(ordered_at, defect) as ordered_at,
    status,
    'EUR' as currency,
    case when defect = 'unreadable_amount'
        then choose(order_key, 'unreadable', ['EUR ', 'approx. ', '#']) || total_cents
        else euros(total_cents)::varchar
    end as total_amount
from written;

create or replace temp table web_shop_order_lines as
with all_lines as (
    select order_id, line_number, product_id, quantity, line_cents, false as is_return,
        ordered_second as booked_second, line_key
    from order_lines
    union all
    select order_id, line_number, product_id, -returned_quantity, -returned_cents, true,
        booked_second, line_key
    from return_lines
),

written as (
    select
        *,
        strftime(instant(booked_second), '%Y-%m-%d %H:%M:%S') as booked_at,
        unnest(copies(
            line_key, $duplicate_rate, $spoilt_rate,
            ['missing_key', 'unreadable_date', 'unreadable_amount', 'future_date', 'orphan']
        )) as defect
    from all_lines
)

select
    defect,
    order_id as sort_key,
    -- No order has a number that long: the order of an orphan line is missing for ever.
    case defect when 'missing_key' then null when 'orphan' then order_id || '9' else order_id end
        as order_id,
    line_number,
    product_id,
    quantity,
    case when defect = 'unreadable_amount'
        then choose(line_key, 'unreadable', ['EUR ', 'approx. ', '#']) || line_cents
        else euros(line_cents)::varchar
    end as line_amount,
    'EUR' as currency,
    is_return,
    spoilt_instant(booked_at, defect) as booked_at
from written;

create or replace temp table loyalty_points_ledger as
with written as (
    select
        *,
        strftime(instant(booked_second), '%Y-%m-%d %H:%M:%S') as booked_at,
        -- entry_id is the primary key, so there are no exact copies.
        unnest(copies(
            entry_key, 0, $spoilt_rate,
            ['missing_member', 'unreadable_date', 'unreadable_points', 'future_date']
        )) as defect
    from ledger
)

select
    defect,
    entry_id as sort_key,
    case when defect = 'good' then entry_id else entry_id || 'x' end as entry_id,
    case when defect != 'missing_member' then member_no end as member_no,
    spoilt_instant(booked_at, defect) as booked_at,
    entry_type,
    case when defect = 'unreadable_points' then 'n/a' else points::varchar end as points,
    order_id
from written;

create or replace temp table loyalty_members_file as
with written as (
    select
        told_records.*,
        member_tiers.tier,
        -- SQLite lets a text key be null, so that is the one defect a member's row can have.
        unnest(copies(record_key, 0, $spoilt_rate, ['missing_key'])) as defect
    from told_records
    inner join member_tiers on told_records.source_record_id = member_tiers.member_no
    where source_system = 'loyalty'
)

select
    defect,
    source_record_id as sort_key,
    case when defect != 'missing_key' then source_record_id end as member_no,
    strftime(instant(created_second), '%Y-%m-%d') as enrolled_on,
    strftime(instant(updated_second), '%Y-%m-%d %H:%M:%S') as updated_at,
    tier, first_name, last_name, email, phone, street, postal_code, city, country_code, birth_date
from written;
