{#- The fixed periods in full calendar months, each a row of seeds/policy/look_backs.csv; all time
    always stands beside them. -#}
{%- set months = [12] -%}

with

profiles as (
    select
        profile_id,
        is_known,
        first_seen_at
    from {{ ref('profiles') }}
),

purchases as (
    select
        profile_id,
        booked_at,
        line_amount,
        currency
    from {{ ref('purchases') }}
),

order_amounts as (
    select
        profile_id,
        ordered_at
    from {{ ref('order_amounts') }}
),

ledger_entries as (
    select
        profile_id,
        occurred_at,
        activity_type,
        points
    from {{ ref('activities') }}
    where points is not null
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
    from purchases
),

booked_amounts as (
    select
        purchases.profile_id,
        {{ windowed_measures('net', months, 'purchases.booked_at', 'sum', 'purchases.line_amount') }}
    from purchases
    cross join window_starts
    group by purchases.profile_id
),

transactions as (
    select
        order_amounts.profile_id,
        {{ windowed_measures('orders', months, 'order_amounts.ordered_at', 'count') }},
        {{ windowed_measures(
            'first', months, 'order_amounts.ordered_at', 'min', 'order_amounts.ordered_at'
        ) }},
        {{ windowed_measures(
            'last', months, 'order_amounts.ordered_at', 'max', 'order_amounts.ordered_at'
        ) }}
    from order_amounts
    cross join window_starts
    group by order_amounts.profile_id
),

-- A balance is everything booked up to the end of the period, not what the period added to it.
points as (
    select
        ledger_entries.profile_id,
        {{ windowed_measures(
            'earned', months, 'ledger_entries.occurred_at', 'sum', 'ledger_entries.points',
            "ledger_entries.activity_type = 'points_earned'"
        ) }},
        {{ windowed_measures(
            'redeemed', months, 'ledger_entries.occurred_at', 'sum', '-ledger_entries.points',
            "ledger_entries.activity_type = 'points_redeemed'"
        ) }},
        sum(ledger_entries.points) filter (
            where ledger_entries.occurred_at < window_starts.window_end_at
        ) as balance_at_month_start,
        sum(ledger_entries.points) as balance_lifetime
    from ledger_entries
    cross join window_starts
    group by ledger_entries.profile_id
),

periods as (
    select
        profiles.profile_id,
        cast(profiles.first_seen_at as date) as member_since_on,
        windows.look_back,
        windows.months,
        windows.window_from,
        windows.window_to,
        reporting.currency,
        {%- set measured = {
            'net': 'booked_amounts', 'orders': 'transactions', 'first': 'transactions',
            'last': 'transactions', 'earned': 'points', 'redeemed': 'points'
        } %}
        {%- for name, table in measured.items() %}
            case
                {%- for number in months %}
                    when windows.months = {{ number }} then {{ table }}.{{ name }}_{{ number }}
                {%- endfor %}
                else {{ table }}.{{ name }}_lifetime
            end as {{ name }},
        {%- endfor %}
        case
            when windows.months is null then points.balance_lifetime
            else points.balance_at_month_start
        end as balance
    from profiles
    cross join windows
    cross join reporting
    left join booked_amounts
        on profiles.profile_id = booked_amounts.profile_id
    left join transactions
        on profiles.profile_id = transactions.profile_id
    left join points
        on profiles.profile_id = points.profile_id
    where
        profiles.is_known
        or booked_amounts.profile_id is not null
        or points.profile_id is not null
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
