-- What somebody writes who wants the deciles of net revenue by tier for six look-backs, once.
with

totals as (
    select
        profile_id,
        sum(line_amount) filter (where booked_at >= '2026-09-01' and booked_at < '2026-10-01') as m1,
        sum(line_amount) filter (where booked_at >= '2026-07-01' and booked_at < '2026-10-01') as m3,
        sum(line_amount) filter (where booked_at >= '2026-04-01' and booked_at < '2026-10-01') as m6,
        sum(line_amount) filter (where booked_at >= '2026-01-01' and booked_at < '2026-10-01') as m9,
        sum(line_amount) filter (where booked_at >= '2025-10-01' and booked_at < '2026-10-01') as m12,
        sum(line_amount) as lifetime
    from profile.purchases
    group by profile_id
),

long as (
    select
        p.profile_id,
        p.loyalty_tier,
        w.look_back,
        case w.look_back when '1' then m1 when '3' then m3 when '6' then m6 when '9' then m9
            when '12' then m12 else lifetime end as amount
    from profile.profiles as p
    left join totals as t on t.profile_id = p.profile_id
    cross join (values ('1'), ('3'), ('6'), ('9'), ('12'), ('lifetime')) as w (look_back)
)

select
    profile_id,
    loyalty_tier,
    look_back,
    amount,
    ntile(10) over (
        partition by look_back, loyalty_tier order by amount desc, profile_id
    ) as decile
from long
where amount is not null
union all
select profile_id, loyalty_tier, look_back, amount, null from long where amount is null
