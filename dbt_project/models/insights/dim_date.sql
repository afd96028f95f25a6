with

monthly_revenue as (
    select month_start_on
    from {{ ref('monthly_revenue') }}
),

refresh_period as (
    select as_of_on
    from {{ ref('refresh_period') }}
),

message_responses as (
    select sent_on
    from {{ ref('message_responses') }}
),

known_days as (
    select month_start_on as date_key
    from monthly_revenue
    union all
    -- Days that facts remember may lie before the revenue that is left.
    select cast({{ dbt.dateadd('day', '1 - ' ~ var('published_days'), 'as_of_on') }} as date) as date_key
    from refresh_period
    union all
    select min(sent_on) as date_key
    from message_responses
),

first_day as (
    select min(date_key) as first_on
    from known_days
),

-- Whole years, so that a chart by year has no ragged end.
date_range as (
    select
        cast({{ dbt.date_trunc('year', 'first_day.first_on') }} as date) as first_on,
        cast({{ dbt.dateadd('year', 1, dbt.date_trunc('year', 'refresh_period.as_of_on')) }} as date)
            as end_on
    from refresh_period
    cross join first_day
),

digits as (
    {%- for digit in range(10) %}
        select {{ digit }} as digit
        {%- if not loop.last %}
            union all
        {%- endif %}
    {%- endfor %}
),

-- Digits instead of a series function, which every engine names differently: 274 years.
day_numbers as (
    select
        ones.digit + 10 * tens.digit + 100 * hundreds.digit + 1000 * thousands.digit
        + 10000 * ten_thousands.digit as day_number
    from digits as ones
    cross join digits as tens
    cross join digits as hundreds
    cross join digits as thousands
    cross join digits as ten_thousands
),

days as (
    select
        cast({{ dbt.dateadd('day', 'day_numbers.day_number', 'date_range.first_on') }} as date)
            as date_key
    from date_range
    inner join day_numbers
        on day_numbers.day_number < {{ dbt.datediff('date_range.first_on', 'date_range.end_on', 'day') }}
),

weekdays as (
    select
        date_key,
        -- The first of January 1900 was a Monday; engines count weekdays differently.
        cast(mod({{ dbt.datediff("cast('1900-01-01' as date)", 'date_key', 'day') }}, 7) + 1 as int)
            as day_of_week
    from days
)

select
    date_key,
    cast(extract(year from date_key) as int) as year,
    cast(extract(quarter from date_key) as int) as quarter,
    cast(extract(month from date_key) as int) as month,
    cast({{ dbt.date_trunc('month', 'date_key') }} as date) as month_start_on,
    cast(extract(week from date_key) as int) as iso_week,
    day_of_week,
    day_of_week >= 6 as is_weekend
from weekdays
