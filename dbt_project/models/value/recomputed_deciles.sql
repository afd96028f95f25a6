with

settings as (
    select max(value) as recomputed_send_days
    from {{ ref('message_settings') }}
    where setting = 'recomputed_send_days'
),

recipients as (
    select distinct
        profile_id,
        state_on
    from {{ ref('message_responses') }}
),

first_recorded_day as (
    select min(as_of_on) as as_of_on
    from {{ ref('decile_migrations') }}
    where metric = 'net_revenue' and category_type = 'loyalty_tier' and look_back = 'lifetime'
),

days as (
    select
        recipients.state_on,
        row_number() over (order by recipients.state_on desc) as place
    from recipients
    cross join first_recorded_day
    where coalesce(recipients.state_on < first_recorded_day.as_of_on, true)
    group by recipients.state_on
),

recomputed_days as (
    select days.state_on
    from days
    inner join settings
        on days.place <= settings.recomputed_send_days
),

bought_by_then as (
    select
        recomputed_days.state_on,
        purchases.profile_id,
        sum(purchases.line_amount) as net_amount
    from recomputed_days
    inner join {{ ref('purchases') }} as purchases
        on purchases.booked_at < {{ dbt.dateadd('day', 1, 'recomputed_days.state_on') }}
    where purchases.profile_id is not null
    group by recomputed_days.state_on, purchases.profile_id
),

-- Among all buyers: nobody knows which tier they were in.
ranked as (
    select
        state_on,
        profile_id,
        ntile(10) over (
            partition by state_on
            order by net_amount desc nulls last, profile_id asc nulls last
        ) as decile,
        count(*) over (partition by state_on, net_amount) as tied_count,
        count(*) over (partition by state_on) as buyer_count
    from bought_by_then
)

select
    recipients.profile_id,
    recipients.state_on,
    cast(
        case
            when {{ is_without_spread('ranked.tied_count', 'ranked.buyer_count', 10) }} then 0
            else coalesce(ranked.decile, 0)
        end as int
    ) as decile
from recipients
inner join recomputed_days
    on recomputed_days.state_on = recipients.state_on
left join ranked
    on
        ranked.state_on = recipients.state_on
        and ranked.profile_id = recipients.profile_id
