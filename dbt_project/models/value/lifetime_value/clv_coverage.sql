with

judged as (
    select
        split,
        model,
        is_active,
        decile,
        predicted_amount,
        actual_amount,
        case when split = 'calibration' then 'tested' else 'published' end as lesson,
        split = 'calibration' and draw % 2 = 0 as is_taught
    from {{ ref('clv_judged') }}
),

backtests as (
    select
        model,
        count(*) as backtest_count
    from {{ ref('clv_cutoffs') }}
    group by model
),

intervals as (
    select * from {{ ref('clv_intervals') }}
),

-- Where there is one backtest only, one half of it tests what the other has taught.
tested as (
    select
        judged.split,
        judged.model,
        judged.decile,
        cast(judged.actual_amount as double)
        / case when judged.predicted_amount > 0 then cast(judged.predicted_amount as double) else 1 end
            as ratio,
        case when backtests.backtest_count > 1 or not judged.is_taught then intervals.claimed_coverage end
            as claimed_coverage,
        intervals.lower_ratio,
        intervals.upper_ratio
    from judged
    inner join backtests
        on judged.model = backtests.model
    left join intervals
        on
            judged.lesson = intervals.lesson
            and judged.model = intervals.model
            and judged.is_active = intervals.is_active
            and judged.predicted_amount >= intervals.from_amount
            and (intervals.below_amount is null or judged.predicted_amount < intervals.below_amount)
)

select
    split,
    model,
    decile,
    cast(count(claimed_coverage) as bigint) as tested_count,
    cast(sum(cast(claimed_coverage as decimal(18, 9))) as double)
    / nullif(count(claimed_coverage), 0) as claimed_coverage,
    cast(
        count(claimed_coverage) filter (where ratio between lower_ratio and upper_ratio) as double
    ) / nullif(count(claimed_coverage), 0) as measured_coverage
from tested
group by split, model, decile
