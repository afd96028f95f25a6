with

refresh_period as (
    select as_of_on
    from {{ ref('refresh_period') }}
),

settings as (
    select
        cast(max(case when setting = 'horizon_months' then value end) as int) as horizon_months,
        cast(max(case when setting = 'horizon_weeks' then value end) as int) as horizon_weeks,
        cast(cast(max(case when setting = 'calibration_date' then value end) as int) as string)
            as calibration_date,
        max(case when setting = 'backtest_count' then value end) as backtest_count,
        cast(max(case when setting = 'active_window_months' then value end) as int)
            as active_window_months,
        max(case when setting = 'most_backtest_customers' then value end) as most_backtest_customers
    from {{ ref('clv_settings') }}
),

-- The held-out time of the last backtest begins a horizon before now, or on the day asked for.
last_backtest as (
    select
        refresh_period.as_of_on,
        settings.horizon_months,
        settings.horizon_weeks,
        case
            when settings.calibration_date <> '0'
                then cast(
                    substr(settings.calibration_date, 1, 4) || '-'
                    || substr(settings.calibration_date, 5, 2) || '-'
                    || substr(settings.calibration_date, 7, 2) as date
                )
            when settings.horizon_weeks > 0
                then cast(
                    {{ dbt.dateadd('day', '-7 * settings.horizon_weeks', 'refresh_period.as_of_on') }}
                    as date
                )
            else cast(
                {{ dbt.dateadd('month', '-settings.horizon_months', 'refresh_period.as_of_on') }} as date
            )
        end as split_on,
        settings.calibration_date <> '0' as is_asked_for,
        case
            when settings.horizon_weeks > 0 then settings.horizon_weeks * 7 / 30.436875
            else settings.horizon_months
        end as months_ahead
    from refresh_period
    cross join settings
),

held_out as (
    select
        as_of_on,
        split_on,
        months_ahead,
        case
            when not is_asked_for then as_of_on
            when horizon_weeks > 0
                then cast({{ dbt.dateadd('day', '7 * horizon_weeks', 'split_on') }} as date)
            else cast({{ dbt.dateadd('month', 'horizon_months', 'split_on') }} as date)
        end as until_on
    from last_backtest
),

horizons as (
    select
        as_of_on,
        split_on,
        until_on,
        cast({{ dbt.datediff('split_on', 'until_on', 'day') }} as int) as horizon_days,
        months_ahead
    from held_out
),

-- What is known at several moments: now, where the held-out time begins, and before that. The last
-- of the earlier ones lies a whole horizon back, so that its held-out time and the first are two.
moments as (
    {%- for name, number, back in [
        ('calibration', 1, 0), ('calibration_2', 2, '1.0 / 6'), ('calibration_3', 3, '1.0 / 3'),
        ('calibration_4', 4, 1),
    ] %}
        select
            '{{ name }}' as split,
            {{ number }} as backtest_number,
            split_on,
            until_on,
            horizon_days,
            months_ahead,
            cast(floor(horizon_days * {{ back }}) as int) as days_back
        from horizons
        union all
    {%- endfor %}
    select
        'refresh' as split,
        1 as backtest_number,
        as_of_on as split_on,
        cast({{ dbt.dateadd('day', 'horizon_days', 'as_of_on') }} as date) as until_on,
        horizon_days,
        months_ahead,
        0 as days_back
    from horizons
),

dated as (
    select
        moments.split,
        settings.active_window_months,
        moments.horizon_days,
        moments.months_ahead,
        case
            when moments.backtest_number > 1 then settings.most_backtest_customers / 5
        end as most_customers,
        cast({{ dbt.dateadd('day', '-days_back', 'split_on') }} as date) as split_on,
        cast({{ dbt.dateadd('day', '-days_back', 'until_on') }} as date) as until_on
    from moments
    cross join settings
    where moments.backtest_number <= settings.backtest_count
)

select
    split,
    split_on,
    until_on,
    horizon_days,
    months_ahead,
    active_window_months,
    most_customers,
    cast({{ dbt.dateadd('month', '-active_window_months', 'split_on') }} as date) as window_from,
    cast({{ dbt.dateadd('month', '-2 * active_window_months', 'split_on') }} as date)
        as earlier_window_from,
    cast({{ dbt.dateadd('day', '-horizon_days', 'split_on') }} as date) as recent_from
from dated
