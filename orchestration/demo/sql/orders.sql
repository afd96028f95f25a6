-- Orders, their lines and what comes back: one completed order per purchase of the process.

-- The account an order is placed with, and a failed attempt before some orders. Orders of an
-- account count on in twos, so that an attempt has a number of its own.
create or replace temp table orders as
with placed as (
    select
        purchases.person_id,
        purchases.purchase_number,
        purchases.order_key,
        purchases.ordered_second,
        purchases.total_cents,
        coalesce(
            second_accounts.created_second < purchases.ordered_second
            and draw(purchases.order_key, 'account') < 0.6,
            false
        ) as by_second_account
    from purchases
    left join shop_accounts as second_accounts
        on purchases.person_id = second_accounts.person_id
        and second_accounts.account_number = 2
),

numbered as (
    select
        placed.*,
        shop_accounts.customer_id,
        shop_accounts.customer_number,
        case
            when total_cents < 600 then 1
            when draw(order_key, 'lines') < 0.45 then 1
            when draw(order_key, 'lines') < 0.75 then 2
            when draw(order_key, 'lines') < 0.92 then 3
            else 4
        end as line_count
    from placed
    inner join shop_accounts
        on placed.person_id = shop_accounts.person_id
        and shop_accounts.account_number = case when by_second_account then 2 else 1 end
)

select
    person_id, customer_id, order_key, ordered_second, total_cents, line_count,
    'O' || customer_number || '-' || lpad((2 * purchase_number)::varchar, 4, '0') as order_id,
    'completed' as status
from numbered
union all
select
    person_id, customer_id, subkey(order_key, 'attempt') as order_key,
    ordered_second - 120 - pick(order_key, 'attempt', 1800) as ordered_second,
    total_cents, line_count,
    'O' || customer_number || '-' || lpad((2 * purchase_number - 1)::varchar, 4, '0') as order_id,
    'cancelled' as status
from numbered
where draw(order_key, 'failed attempt') < $cancelled_attempt_rate;

-- Lines share an order's total by cuts at uneven places, exactly to the cent.
create or replace temp table order_lines as
with line_numbers as (
    select *, unnest(range(1, line_count + 1)) as line_number from orders
),

cuts as (
    select
        *,
        subkey(order_key, line_number) as line_key,
        case when line_number = 1 then 0
            else (line_number - 1) * 1000 + pick(subkey(order_key, line_number - 1), 'cut', 700)
        end as lower_cut,
        case when line_number = line_count then line_count * 1000
            else line_number * 1000 + pick(subkey(order_key, line_number), 'cut', 700)
        end as upper_cut
    from line_numbers
),

amounts as (
    select
        *,
        total_cents * upper_cut // (line_count * 1000)
        - total_cents * lower_cut // (line_count * 1000) as line_cents
    from cuts
),

quantities as (
    select
        *,
        greatest(
            case
                when draw(line_key, 'quantity') < 0.76 then 1
                when draw(line_key, 'quantity') < 0.94 then 2
                else 3
            end,
            ceil(line_cents / 70000)
        )::integer as quantity
    from amounts
)

select
    person_id,
    order_id,
    line_number::integer as line_number,
    line_key,
    status,
    ordered_second,
    line_count,
    line_cents,
    quantity,
    product_number(
        -- Two in five lines come from the buyer's favourite category.
        case when draw(line_key, 'favourite') < 0.4
            then pick(person_key($seed, person_id), 'favourite category', 8)
            else pick(line_key, 'category', 8)
        end,
        price_point_for(line_cents / quantity)
    ) as product_id
from quantities;

-- Returned goods: some or all of a line, later, as a line of its own that counts on.
create or replace temp table return_lines as
with returned as (
    select
        *,
        1 + pick(line_key, 'returned quantity', quantity) as returned_quantity,
        ordered_second + 2 * 86400
        + pick(line_key, 'returned after', ($return_max_days - 2) * 86400) as booked_second
    from order_lines
    where status = 'completed' and draw(line_key, 'returned') < $return_rate
)

select
    person_id,
    order_id,
    line_count
    + row_number() over (partition by order_id order by line_number)::integer as line_number,
    subkey(line_key, 'return') as line_key,
    booked_second,
    returned_quantity,
    line_cents * returned_quantity // quantity as returned_cents,
    product_id
from returned
where booked_second < $end_second;
