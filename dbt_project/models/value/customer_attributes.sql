with

order_amounts as (
    select
        profile_id,
        ordered_at,
        returned_amount,
        net_amount,
        currency,
        margin_amount
    from {{ ref('order_amounts') }}
),

refresh_period as (
    select as_of_on
    from {{ ref('refresh_period') }}
),

-- There is one reporting currency; a test of profile holds that.
reporting as (
    select max(currency) as currency
    from order_amounts
),

-- Gross is net and returned together, per order and so in sum: where the
-- profiles are more than memory holds this grouping spills, and each further sum spills with it.
profile_sums as (
    select
        profile_id,
        count(*) as order_count,
        cast(sum(returned_amount) as decimal(18, 2)) as returned_amount,
        cast(sum(net_amount) as decimal(18, 2)) as net_amount,
        min(ordered_at) as first_ordered_at,
        max(ordered_at) as last_ordered_at,
        case
            when count(margin_amount) = count(*) then cast(sum(margin_amount) as decimal(18, 2))
        end as margin_amount
    from order_amounts
    group by profile_id
),

profile_totals as (
    select
        *,
        cast(net_amount + returned_amount as decimal(18, 2)) as gross_amount
    from profile_sums
)

select
    profile_totals.profile_id,
    cast(profile_totals.order_count as bigint) as order_count,
    profile_totals.gross_amount,
    profile_totals.returned_amount,
    profile_totals.net_amount,
    -- A profile is here because of an order, so the divisor is never zero.
    cast(
        cast(profile_totals.gross_amount as double) / profile_totals.order_count as decimal(18, 2)
    ) as average_order_amount,
    profile_totals.first_ordered_at,
    profile_totals.last_ordered_at,
    cast(
        {{ dbt.datediff('cast(profile_totals.last_ordered_at as date)', 'refresh_period.as_of_on', 'day') }}
        as bigint
    ) as days_since_last_order,
    reporting.currency,
    profile_totals.margin_amount
from profile_totals
cross join refresh_period
cross join reporting
