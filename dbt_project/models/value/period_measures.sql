{#- A view over the sums: what depends on the day is worked out where it is read. -#}
{{ config(materialized='view') }}

{%- set months = period_months() %}

with

period_sums as (
    select * from {{ ref('period_sums') }}
),

look_backs as (
    select
        look_back,
        months
    from {{ ref('look_backs') }}
),

refresh_period as (
    select
        as_of_on,
        month_start_on
    from {{ ref('refresh_period') }}
),

{{ look_back_windows(months) }},

-- There is one reporting currency; a test of profile holds that.
reporting as (
    select max(currency) as currency
    from {{ ref('customer_totals') }}
),

periods as (
    select
        period_sums.profile_id,
        period_sums.member_since_on,
        windows.look_back,
        windows.months,
        windows.window_from,
        windows.window_to,
        reporting.currency,
        {%- for name in ['net', 'orders', 'first', 'last', 'earned', 'redeemed'] %}
            case
                {%- for number in months %}
                    when windows.months = {{ number }} then period_sums.{{ name }}_{{ number }}
                {%- endfor %}
                else period_sums.{{ name }}_lifetime
            end as {{ name }},
        {%- endfor %}
        case
            when windows.months is null then period_sums.balance_lifetime
            else period_sums.balance_at_month_start
        end as balance
    from period_sums
    cross join windows
    cross join reporting
),

-- An average over all time has no first day but the customer's own first order.
spans as (
    select
        *,
        {{ dbt.datediff('coalesce(window_from, cast(first as date))', 'window_to', 'day') }} as day_count
    from periods
)

select
    profile_id,
    look_back,
    window_from,
    window_to,
    cast(coalesce(orders, 0) as bigint) as transaction_count,
    cast(coalesce(net, 0) as decimal(18, 2)) as total_transaction_value,
    cast(round(cast(net as double) / orders, 2) as decimal(18, 2)) as average_transaction_value,
    cast(round(cast(net as double) / day_count, 2) as decimal(18, 2)) as average_daily_revenue,
    cast(
        round(cast(net as double) / coalesce(cast(months as double), day_count / 30.436875), 2)
        as decimal(18, 2)
    ) as average_monthly_revenue,
    cast(
        round(cast(net as double) / coalesce(months / 12.0, day_count / 365.2425), 2) as decimal(18, 2)
    ) as average_yearly_revenue,
    cast(coalesce(earned, 0) as bigint) as points_earned,
    cast(coalesce(redeemed, 0) as bigint) as points_redeemed,
    cast(coalesce(balance, 0) as bigint) as points_balance,
    cast(
        {{ dbt.datediff('cast(first as date)', 'cast(last as date)', 'day') }} as bigint
    ) as active_lifespan_days,
    cast(
        greatest({{ dbt.datediff('member_since_on', 'window_to', 'day') }} - 1, 0) as bigint
    ) as membership_duration_days,
    cast(
        {{ dbt.datediff('cast(last as date)', 'window_to', 'day') }} - 1 as bigint
    ) as days_since_last_transaction,
    currency
from spans
