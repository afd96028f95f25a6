-- Points: what members earn, give back with returned goods, redeem and lose. Never below zero.

-- What adds points. `lasting_points` is what stays after the order's returns.
create or replace temp table earnings as
with returned as (
    select order_id, sum(returned_cents // 100)::bigint as returned_points
    from return_lines
    group by order_id
),

from_orders as (
    select
        loyalty_members.person_id,
        loyalty_members.member_no,
        orders.order_key as earning_key,
        orders.order_id,
        least($end_second - 1, orders.ordered_second + 60 + pick(orders.order_key, 'points', 86400))
            as booked_second,
        orders.total_cents // 100 as points,
        orders.total_cents // 100 - coalesce(returned.returned_points, 0) as lasting_points
    from orders
    inner join loyalty_members using (person_id)
    left join returned using (order_id)
    where
        orders.status = 'completed'
        and orders.ordered_second >= loyalty_members.created_second
        and orders.total_cents >= 100
),

bonus_numbers as (
    select
        person_id, member_no, record_key, created_second,
        unnest(range(1, least(40, floor(
                $bonuses_a_year * (($end_second - created_second) / 31557600.0)
                * exponential(record_key, 'bonuses')
            ))::bigint + 1))
            as bonus_number
    from loyalty_members
),

bonuses as (
    select
        person_id,
        member_no,
        subkey(record_key, bonus_number) as earning_key,
        created_second + (
            ($end_second - 1 - created_second) * draw(subkey(record_key, bonus_number), 'bonus at')
        )::bigint as booked_second,
        25 * (1 + pick(subkey(record_key, bonus_number), 'bonus', $bonus_max_points // 25))::bigint
            as points
    from bonus_numbers
)

select person_id, member_no, earning_key, order_id, booked_second, points, lasting_points
from from_orders
union all
select person_id, member_no, earning_key, null as order_id, booked_second, points, points
from bonuses;

-- A redeemer turns a share of the lasting points into vouchers whenever enough have come together.
-- Only lasting points count, so a later return never takes the balance below zero.
create or replace temp table ledger as
with running as (
    select
        *,
        sum(lasting_points) over member_history::bigint as lasting_to_date,
        max(booked_second) over (partition by member_no) as last_earned_second,
        case when draw(person_key($seed, person_id), 'redeemer') < $redeemer_rate
            then 50 + pick(person_key($seed, person_id), 'redeemed share', 31)
            else 0
        end as redeemed_percent
    from earnings
    window member_history as (
        partition by member_no order by booked_second, earning_key
        rows between unbounded preceding and current row
    )
),

vouchers as (
    select
        *,
        $redemption_step * (lasting_to_date * redeemed_percent // (100 * $redemption_step))
        - $redemption_step
        * ((lasting_to_date - lasting_points) * redeemed_percent // (100 * $redemption_step))
            as redeemed_points,
        booked_second + 600 + pick(earning_key, 'redeems after', 10 * 86400) as redeemed_second
    from running
),

entries as (
    select person_id, member_no, earning_key as entry_key, booked_second, 'earned' as entry_type,
        points, order_id
    from earnings
    union all
    select person_id, member_no, subkey(earning_key, 'redeemed'), redeemed_second, 'redeemed',
        -redeemed_points, null
    from vouchers
    where redeemed_points > 0 and redeemed_second < $end_second
    union all
    select earnings.person_id, earnings.member_no, subkey(return_lines.line_key, 'points'),
        least($end_second - 1, return_lines.booked_second + 3600), 'adjusted',
        -(return_lines.returned_cents // 100), return_lines.order_id
    from return_lines
    inner join earnings using (order_id)
    where return_lines.returned_cents >= 100
),

expiring as (
    select
        person_id,
        member_no,
        max(booked_second) filter (where entry_type = 'earned') + $expiry_days * 86400
            as expired_second,
        sum(points)::bigint as left_points
    from entries
    group by person_id, member_no
),

all_entries as (
    select person_id, member_no, entry_key, booked_second, entry_type, points, order_id
    from entries
    union all
    select person_id, member_no, subkey(person_key($seed, person_id), 'expiry'), expired_second,
        'expired', -left_points, null
    from expiring
    where left_points > 0 and expired_second < $end_second
)

select
    person_id,
    'P' || member_no[2:] || '-' || lpad(
        row_number() over (partition by member_no order by booked_second, entry_key)::varchar,
        4,
        '0'
    ) as entry_id,
    member_no,
    entry_key,
    booked_second,
    entry_type,
    points,
    order_id
from all_entries;

create or replace temp table tiers as
select tier, tier_rank, threshold_points
from (values ('Basic', 1, 0), ('Silver', 2, 300), ('Gold', 3, 1000), ('Platinum', 4, 2500))
    as listed (tier, tier_rank, threshold_points);

create or replace temp table member_tiers as
with earned as (
    select loyalty_members.member_no,
        coalesce(sum(ledger.points) filter (where ledger.entry_type = 'earned'), 0) as earned_points
    from loyalty_members
    left join ledger using (member_no)
    group by loyalty_members.member_no
)

select earned.member_no, max_by(tiers.tier, tiers.tier_rank) as tier
from earned
inner join tiers on earned.earned_points >= tiers.threshold_points
group by earned.member_no;
