with

purchase_days as (
    select
        profile_id,
        bought_on,
        net_amount,
        is_purchase
    from {{ ref('purchase_days') }}
),

splits as (
    select
        split,
        split_on,
        until_on,
        most_customers,
        window_from,
        earlier_window_from,
        recent_from
    from {{ ref('clv_splits') }}
),

first_purchases as (
    select
        profile_id,
        min(bought_on) as first_purchase_on,
        count(*) over () as customer_count
    from purchase_days
    where is_purchase
    group by profile_id
),

counted as (
    select
        purchase_days.profile_id,
        splits.split,
        splits.split_on,
        splits.until_on,
        first_purchases.first_purchase_on,
        count(*) filter (where purchase_days.is_purchase and purchase_days.bought_on <= splits.split_on)
            as purchase_count,
        max(purchase_days.bought_on) filter (
            where purchase_days.is_purchase and purchase_days.bought_on <= splits.split_on
        ) as last_purchase_on,
        coalesce(
            sum(purchase_days.net_amount) filter (where purchase_days.bought_on <= splits.split_on), 0
        ) as net_amount,
        coalesce(sum(purchase_days.net_amount) filter (
            where purchase_days.bought_on > first_purchases.first_purchase_on
            and purchase_days.bought_on <= splits.split_on
        ), 0) as repeat_amount,
        coalesce(sum(purchase_days.net_amount) filter (
            where purchase_days.bought_on > splits.recent_from
            and purchase_days.bought_on > first_purchases.first_purchase_on
            and purchase_days.bought_on <= splits.split_on
        ), 0) as recent_amount,
        coalesce(sum(purchase_days.net_amount) filter (
            where purchase_days.bought_on > splits.window_from
            and purchase_days.bought_on <= splits.split_on
        ), 0) as window_amount,
        count(*) filter (
            where purchase_days.is_purchase and purchase_days.bought_on > splits.window_from
            and purchase_days.bought_on <= splits.split_on
        ) > 0 as bought_in_window,
        count(*) filter (
            where purchase_days.is_purchase and purchase_days.bought_on > splits.earlier_window_from
            and purchase_days.bought_on <= splits.window_from
        ) > 0 as bought_in_earlier_window,
        count(*) filter (
            where purchase_days.is_purchase and purchase_days.bought_on > splits.split_on
            and purchase_days.bought_on <= splits.until_on
        ) as future_purchase_count,
        coalesce(sum(purchase_days.net_amount) filter (
            where purchase_days.bought_on > splits.split_on
            and purchase_days.bought_on <= splits.until_on
        ), 0) as future_amount
    from purchase_days
    inner join first_purchases
        on purchase_days.profile_id = first_purchases.profile_id
    inner join splits
        on
            first_purchases.first_purchase_on <= splits.split_on
            -- Earlier backtests look at some of the customers, by a hash of their ids.
            and (
                splits.most_customers is null
                or first_purchases.customer_count <= splits.most_customers
                or {{ hash60('first_purchases.profile_id') }} % 1000000
                < 1000000 * splits.most_customers / first_purchases.customer_count
            )
    group by
        purchase_days.profile_id,
        splits.split,
        splits.split_on,
        splits.until_on,
        first_purchases.first_purchase_on
)

select
    profile_id,
    split,
    split_on,
    until_on,
    first_purchase_on,
    last_purchase_on,
    cast(purchase_count - 1 as int) as frequency,
    cast({{ dbt.datediff('first_purchase_on', 'last_purchase_on', 'day') }} as int) as recency_days,
    cast({{ dbt.datediff('first_purchase_on', 'split_on', 'day') }} as int) as age_days,
    -- Returns can outweigh what was bought again; worth less than nothing a purchase is not.
    cast(
        case
            when purchase_count < 2 then null
            when repeat_amount < 0 then 0
            else cast(repeat_amount as double) / (purchase_count - 1)
        end as decimal(18, 2)
    ) as mean_repeat_amount,
    cast(net_amount as decimal(18, 2)) as net_amount,
    cast(recent_amount as decimal(18, 2)) as recent_amount,
    cast(window_amount as decimal(18, 2)) as window_amount,
    bought_in_window,
    bought_in_earlier_window,
    cast(case when split <> 'refresh' then future_purchase_count end as int)
        as future_purchase_count,
    cast(case when split <> 'refresh' then future_amount end as decimal(18, 2)) as future_amount
from counted
