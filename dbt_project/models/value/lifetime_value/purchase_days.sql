{{ config(materialized='incremental', unique_key=['profile_id']) }}

with

{% call reached() %}
    select profile_id from {{ changed('order_amounts') }}
{% endcall %}

order_amounts as (
    select
        profile_id,
        cast(ordered_at as date) as bought_on,
        -- Of a credit note there is no instant, so that what is said of orders needs no filter.
        case when is_order then ordered_at end as ordered_at,
        is_kept,
        returned_amount,
        net_amount,
        currency,
        margin_amount
    from {{ part(ref('order_amounts'), ['profile_id']) }}
    where profile_id is not null
),

-- There is one reporting currency, so any row says it; a test of profile holds that.
reporting as (
    select (select currency from order_amounts limit 1) as currency -- noqa: AM09
),

booked_days as (
    select
        profile_id,
        bought_on,
        count(ordered_at) as order_count,
        min(ordered_at) as first_ordered_at,
        max(ordered_at) as last_ordered_at,
        cast(sum(returned_amount) as decimal(18, 2)) as returned_amount,
        cast(sum(net_amount) as decimal(18, 2)) as net_amount,
        case
            when count(margin_amount) = count(*) then cast(sum(margin_amount) as decimal(18, 2))
        end as margin_amount,
        bool_or(is_kept) as is_kept,
        bool_or(net_amount < 0) as is_money_back
    from order_amounts
    group by profile_id, bought_on
),

-- A credit note does not say which order it takes back, so it takes back none, as long as it leaves
-- anything of what was bought up to then.
balances as (
    select
        profile_id,
        bought_on,
        is_money_back,
        sum(net_amount) over (
            partition by profile_id
            order by bought_on asc nulls last
            rows between unbounded preceding and current row
        ) as amount_up_to
    from booked_days
    where profile_id in (
        select money_back.profile_id
        from booked_days as money_back
        where money_back.is_money_back
    )
),

-- Where it leaves nothing the balance starts from there again: the last day on which it was at its
-- lowest is the last that took all back.
taken_back as (
    select
        profile_id,
        bought_on as last_taken_back_on
    from balances
    where is_money_back and amount_up_to <= 0
    qualify
        row_number() over (
            partition by profile_id
            order by amount_up_to asc nulls last, bought_on desc nulls last
        ) = 1
)

select
    booked_days.profile_id,
    booked_days.bought_on,
    booked_days.net_amount,
    booked_days.is_kept
    and (taken_back.profile_id is null or booked_days.bought_on > taken_back.last_taken_back_on)
        as is_purchase,
    cast(booked_days.order_count as int) as order_count,
    booked_days.first_ordered_at,
    booked_days.last_ordered_at,
    booked_days.returned_amount,
    booked_days.margin_amount,
    reporting.currency
from booked_days
cross join reporting
left join taken_back
    on booked_days.profile_id = taken_back.profile_id
