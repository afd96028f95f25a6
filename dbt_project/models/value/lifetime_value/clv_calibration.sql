with

judged as (
    select
        model,
        is_active,
        predicted_amount,
        actual_amount,
        decile,
        is_high_value,
        is_predicted_high_value,
        {{ hash60('profile_id') }} % 2 as half
    from {{ ref('clv_judged') }}
    where split = 'calibration'
),

corrections as (
    select
        model,
        max(tested_correction) as tested_correction,
        count(*) as split_count
    from {{ ref('clv_cutoffs') }}
    group by model
),

intervals as (
    select
        model,
        is_active,
        from_amount,
        below_amount,
        lower_ratio,
        upper_ratio,
        claimed_coverage
    from {{ ref('clv_intervals') }}
    where lesson = 'tested'
),

fits as (
    select min(version) as version
    from {{ ref('clv_parameters') }}
),

-- Where there is one backtest only, one half of it tests what the other has taught.
tested as (
    select
        judged.*,
        cast(judged.predicted_amount * corrections.tested_correction as decimal(18, 2))
            as corrected_amount,
        cast(judged.actual_amount as double)
        / case when judged.predicted_amount > 0 then cast(judged.predicted_amount as double) else 1 end
            as ratio,
        case when corrections.split_count > 1 or judged.half = 1 then intervals.claimed_coverage end
            as claimed_coverage,
        intervals.lower_ratio,
        intervals.upper_ratio
    from judged
    inner join corrections
        on judged.model = corrections.model
    left join intervals
        on
            judged.model = intervals.model
            and judged.is_active = intervals.is_active
            and judged.predicted_amount >= intervals.from_amount
            and (intervals.below_amount is null or judged.predicted_amount < intervals.below_amount)
)

select
    fits.version,
    tested.model,
    tested.decile,
    cast(count(*) as bigint) as customer_count,
    cast(sum(tested.corrected_amount) as decimal(18, 2)) as predicted_amount,
    cast(sum(tested.actual_amount) as decimal(18, 2)) as actual_amount,
    cast(
        sum(
            (tested.corrected_amount - tested.actual_amount)
            * (tested.corrected_amount - tested.actual_amount)
        ) as decimal(38, 4)
    ) as squared_error,
    cast(count(*) filter (where tested.is_high_value) as bigint) as high_value_count,
    cast(count(*) filter (where tested.is_high_value and tested.is_predicted_high_value) as bigint)
        as hit_count,
    cast(count(tested.claimed_coverage) as bigint) as tested_count,
    cast(
        sum(cast(tested.claimed_coverage as decimal(18, 9))) as double
    ) / nullif(count(tested.claimed_coverage), 0) as claimed_coverage,
    cast(
        count(tested.claimed_coverage) filter (
            where tested.ratio between tested.lower_ratio and tested.upper_ratio
        ) as double
    ) / nullif(count(tested.claimed_coverage), 0) as measured_coverage
from tested
cross join fits
group by fits.version, tested.model, tested.decile
