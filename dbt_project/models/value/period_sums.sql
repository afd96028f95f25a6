{#- Sums only, and of the month: what depends on the day is worked out where it is read, so that no
    row of a customer who does nothing changes. -#}
{{ config(
    materialized='incremental', unique_key=['profile_id'],
    meta={'reaches_through': ['refresh_period'], 'built_whole_above': 0.3}
) }}

{%- set months = period_months() %}

with

{% call reached() %}
    -- Of any other change of a profile the two rows say the same.
    select profile_id
    from {{ changed('profiles') }}
    group by profile_id, is_known, cast(first_seen_at as date)
    having count(*) = 1
    union all
    select profile_id from {{ changed('purchases') }}
    union all
    select profile_id from {{ changed('order_amounts') }}
    union all
    select profile_id from {{ changed('recorded_activities') }} where points is not null
    union all
    {{ with_other_windows() }}
{% endcall %}

profiles as (
    select
        profile_id,
        is_known,
        first_seen_at
    from {{ part(ref('profiles'), ['profile_id']) }}
),

purchases as (
    select
        profile_id,
        booked_at,
        line_amount
    from {{ part(ref('purchases'), ['profile_id']) }}
),

order_amounts as (
    select
        profile_id,
        ordered_at
    from {{ part(ref('order_amounts'), ['profile_id']) }}
    where is_order
),

ledger_entries as (
    select
        profile_id,
        occurred_at,
        activity_type,
        points
    from {{ part(ref('recorded_activities'), ['profile_id']) }}
    where points is not null
),

refresh_period as (
    select
        as_of_on,
        month_start_on
    from {{ ref('refresh_period') }}
),

{{ window_starts(months) }},

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
)

select
    profiles.profile_id,
    cast(profiles.first_seen_at as date) as member_since_on,
    {%- for number in months + ['lifetime'] %}
        cast(booked_amounts.net_{{ number }} as decimal(18, 2)) as net_{{ number }},
        cast(transactions.orders_{{ number }} as bigint) as orders_{{ number }},
        transactions.first_{{ number }},
        transactions.last_{{ number }},
        cast(points.earned_{{ number }} as bigint) as earned_{{ number }},
        cast(points.redeemed_{{ number }} as bigint) as redeemed_{{ number }},
    {%- endfor %}
    cast(points.balance_at_month_start as bigint) as balance_at_month_start,
    cast(points.balance_lifetime as bigint) as balance_lifetime,
    cast(window_starts.window_end_at as date) as window_end_on
from profiles
cross join window_starts
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
