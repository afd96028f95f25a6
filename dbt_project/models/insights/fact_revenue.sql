with

monthly_revenue as (
    select
        month_start_on,
        currency,
        order_count,
        gross_amount,
        returned_amount,
        net_amount
    from {{ ref('monthly_revenue') }}
),

-- An order of nobody is somebody's.
buyers as (
    select
        cast({{ dbt.date_trunc('month', 'booked_at') }} as date) as month_start_on,
        currency,
        coalesce(profile_id, order_id) as buyer
    from {{ ref('purchases') }}
    union
    select
        cast({{ dbt.date_trunc('month', 'ordered_at') }} as date) as month_start_on,
        currency,
        coalesce(profile_id, order_id) as buyer
    from {{ ref('order_amounts') }}
    where is_order
),

buyers_of_months as (
    select
        month_start_on,
        currency,
        count(*) as buyer_count
    from buyers
    group by month_start_on, currency
),

all_buyers as (
    select
        currency,
        count(distinct buyer) as buyer_count
    from buyers
    group by currency
),

-- Where no month has enough buyers, all of them together may, in the last one.
months as (
    select
        monthly_revenue.*,
        buyers_of_months.buyer_count >= {{ minimum_cell_size() }}
        or (
            all_buyers.buyer_count >= {{ minimum_cell_size() }}
            and max(buyers_of_months.buyer_count) over (partition by monthly_revenue.currency)
            < {{ minimum_cell_size() }}
            and row_number() over (
                partition by monthly_revenue.currency order by monthly_revenue.month_start_on desc
            ) = 1
        ) as is_told
    from monthly_revenue
    left join buyers_of_months
        on
            buyers_of_months.month_start_on = monthly_revenue.month_start_on
            and buyers_of_months.currency = monthly_revenue.currency
    left join all_buyers
        on all_buyers.currency = monthly_revenue.currency
),

-- A month that isn't told goes with the next that is; after the last one, with that.
periods as (
    select
        *,
        least(
            count(*) filter (where is_told) over (
                partition by currency order by month_start_on rows between unbounded preceding and 1 preceding
            ),
            count(*) filter (where is_told) over (partition by currency) - 1
        ) as period
    from months
),

sums as (
    select
        month_start_on,
        currency,
        is_told,
        sum(order_count) over (partition by currency, period) as order_count,
        sum(gross_amount) over (partition by currency, period) as gross_amount,
        sum(returned_amount) over (partition by currency, period) as returned_amount,
        sum(net_amount) over (partition by currency, period) as net_amount
    from periods
)

select
    month_start_on,
    currency,
    case when is_told then cast(order_count as bigint) end as order_count,
    case when is_told then cast(gross_amount as decimal(18, 2)) end as gross_amount,
    case when is_told then cast(returned_amount as decimal(18, 2)) end as returned_amount,
    case when is_told then cast(net_amount as decimal(18, 2)) end as net_amount
from sums
