{{ config(materialized='incremental', unique_key=['source_system', 'order_id']) }}

{% set order = ['source_system', 'order_id'] %}
{% set record = ['source_system', 'source_record_id'] %}
{% set product = ['source_system', 'product_id'] %}

with

{% call reached() %}
    select source_system, order_id from {{ changed('order_lines') }}
    union all
    select source_system, order_id from {{ changed('orders') }}
    union all
    select source_system, order_id
    from {{ ref('orders') }}
    semi join {{ changed('identity_map') }} using ({{ record | join(', ') }})
    union all
    select source_system, order_id
    from {{ ref('order_lines') }}
    semi join (
        -- Products of another category or cost: of any other change the two rows say the same.
        select source_system, product_id
        from {{ changed('products') }}
        group by source_system, product_id, category, unit_cost_amount, currency
        having count(*) = 1
    ) as changed_products using ({{ product | join(', ') }})
{% endcall %}

order_lines as (
    select * from {{ part(ref('order_lines'), order) }}
),

completed_orders as (
    select * from {{ part(ref('orders'), order) }}
    where status = 'completed'
),

products as (
    select * from {{ part(ref('products'), product, of='order_lines') }}
),

identity_map as (
    select * from {{ part(ref('identity_map'), record, of='completed_orders') }}
),

exchange_rates as (
    select * from {{ ref('exchange_rates') }}
),

-- Of all lines, also in a refresh: if no setting names it, with another one every line has changed.
line_currencies as (
    select
        min(currency) as first_currency,
        max(currency) as last_currency
    from {{ ref('order_lines') }}
),

chosen as (
    select max(upper(trim(value))) as reporting_currency
    from {{ ref('value_settings') }}
    where setting = 'reporting_currency' and trim(value) <> ''
),

reporting as (
    select
        case
            when chosen.reporting_currency is not null then chosen.reporting_currency
            when line_currencies.first_currency = line_currencies.last_currency
                then line_currencies.first_currency
            when line_currencies.first_currency is not null then
                {{ stop_with(
                    "'Order lines are in several currencies, among them ' || line_currencies.first_currency"
                    ~ " || ' and ' || line_currencies.last_currency || '. Name the reporting currency in"
                    ~ " seeds/policy/value_settings.csv and give rates into it in exchange_rates.csv.'",
                    'string'
                ) }}
        end as reporting_currency
    from line_currencies
    cross join chosen
),

rate_periods as (
    select
        exchange_rates.from_currency,
        exchange_rates.valid_from,
        coalesce(
            lead(exchange_rates.valid_from) over (
                partition by exchange_rates.from_currency
                order by exchange_rates.valid_from asc nulls last
            ),
            date '9999-12-31'
        ) as valid_to,
        exchange_rates.rate
    from exchange_rates
    inner join reporting
        on exchange_rates.to_currency = reporting.reporting_currency
),

booked_days as (
    select distinct cast(booked_at as date) as booked_on
    from order_lines
),

-- One row per currency and day, so that a line finds its rate by equality.
daily_rates as (
    select
        rate_periods.from_currency,
        booked_days.booked_on,
        rate_periods.rate
    from booked_days
    inner join rate_periods
        on
            booked_days.booked_on >= rate_periods.valid_from
            and booked_days.booked_on < rate_periods.valid_to
),

booked as (
    select
        identity_map.profile_id,
        order_lines.source_system,
        order_lines.order_id,
        order_lines.line_number,
        order_lines.product_id,
        products.category as product_category,
        order_lines.booked_at,
        completed_orders.ordered_at,
        order_lines.quantity,
        order_lines.is_return,
        reporting.reporting_currency as currency,
        order_lines.line_amount as source_amount,
        order_lines.currency as source_currency,
        case
            when order_lines.currency = reporting.reporting_currency then cast(1 as decimal(18, 8))
            when line_rates.rate is not null then line_rates.rate
            else
                {{ stop_with(
                    "'No exchange rate from ' || order_lines.currency || ' to '"
                    ~ " || reporting.reporting_currency || ' on or before '"
                    ~ " || cast(cast(order_lines.booked_at as date) as string)"
                    ~ " || ', which a line of ' || coalesce(order_lines.source_file, order_lines.source_system)"
                    ~ " || ' needs. Add the rate to seeds/policy/exchange_rates.csv or correct the file.'",
                    'decimal(18, 8)'
                ) }}
        end as exchange_rate,
        cast(order_lines.quantity * products.unit_cost_amount as decimal(18, 2)) as source_cost_amount,
        products.currency as cost_currency,
        cost_rates.rate as cost_rate
    from order_lines
    cross join reporting
    inner join completed_orders
        on
            completed_orders.source_system = order_lines.source_system
            and completed_orders.order_id = order_lines.order_id
    -- Left: an order whose customer or product is unknown keeps its money.
    left join identity_map
        on
            identity_map.source_system = completed_orders.source_system
            and identity_map.source_record_id = completed_orders.source_record_id
    left join products
        on
            products.source_system = order_lines.source_system
            and products.product_id = order_lines.product_id
    left join daily_rates as line_rates
        on
            line_rates.from_currency = order_lines.currency
            and line_rates.booked_on = cast(order_lines.booked_at as date)
    left join daily_rates as cost_rates
        on
            cost_rates.from_currency = products.currency
            and cost_rates.booked_on = cast(order_lines.booked_at as date)
)

-- Rounded line by line, half away from zero, so that totals are sums of what stands in the rows
-- and a return at the rate of its purchase takes back the same cents. 18 digits end at 92 million.
select
    profile_id,
    source_system,
    order_id,
    line_number,
    product_id,
    product_category,
    booked_at,
    ordered_at,
    quantity,
    case
        when source_currency = currency then source_amount
        else cast(round(cast(source_amount as decimal(19, 2)) * exchange_rate, 2) as decimal(18, 2))
    end as line_amount,
    is_return,
    currency,
    source_amount,
    source_currency,
    exchange_rate,
    case
        when cost_currency = currency then source_cost_amount
        else cast(round(cast(source_cost_amount as decimal(19, 2)) * cost_rate, 2) as decimal(18, 2))
    end as cost_amount
from booked
