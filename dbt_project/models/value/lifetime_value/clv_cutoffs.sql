with

judged as (
    select * from {{ ref('clv_judged') }}
),

settings as (
    select max(case when setting = 'stable_bias_range' then value end) as stable_bias_range
    from {{ ref('clv_settings') }}
),

-- Those who had bought once are ranked among themselves.
one_time_ranks as (
    select
        split,
        model,
        2 * rank() over (partition by split, model order by predicted_amount asc nulls last)
        + count(*) over (
            partition by split, model order by predicted_amount asc nulls last
            range between current row and current row
        ) as x,
        2 * rank() over (partition by split, model order by actual_amount asc nulls last)
        + count(*) over (
            partition by split, model order by actual_amount asc nulls last
            range between current row and current row
        ) as y
    from judged
    where is_one_time_buyer
),

ranks as (
    select
        split,
        model,
        'all' as part,
        predicted_rank as x,
        actual_rank as y
    from judged
    union all
    select
        split,
        model,
        'one_time' as part,
        x,
        y
    from one_time_ranks
),

rank_sums as (
    select
        part,
        split,
        model,
        cast(count(*) as double) as n,
        cast(sum(x) as double) as x,
        cast(sum(y) as double) as y,
        cast(sum(x * x) as double) as xx,
        cast(sum(y * y) as double) as yy,
        cast(sum(x * y) as double) as xy
    from ranks
    group by part, split, model
),

rank_correlations as (
    select
        part,
        split,
        model,
        (n * xy - x * y) / nullif(sqrt((n * xx - x * x) * (n * yy - y * y)), 0) as correlation
    from rank_sums
),

correlations as (
    select
        split,
        model,
        max(case when part = 'all' then correlation end) as spearman,
        max(case when part = 'one_time' then correlation end) as one_time_spearman
    from rank_correlations
    group by split, model
),

sums as (
    select
        split,
        model,
        cast(count(*) as bigint) as customer_count,
        cast(sum(predicted_amount) as decimal(18, 2)) as predicted_amount,
        cast(sum(actual_amount) as decimal(18, 2)) as actual_amount,
        cast(sum(case when decile = 1 then actual_amount else 0 end) as double) as top_amount,
        cast(sum(cast(expected_purchase_count as decimal(18, 6))) as double) as expected_purchase_count,
        cast(sum(purchase_count) as bigint) as purchase_count,
        cast(count(*) filter (where is_high_value and is_predicted_high_value) as double)
        / nullif(count(*) filter (where is_high_value), 0) as hit_rate
    from judged
    group by split, model
),

-- What would have made the total right, as a logarithm and in whole steps, so that means do not
-- depend on the order of adding.
misses as (
    select
        sums.*,
        case
            when sums.predicted_amount > 0 and sums.actual_amount > 0
                then cast(
                    ln(cast(sums.actual_amount as double) / cast(sums.predicted_amount as double))
                    as decimal(18, 9)
                )
        end as miss
    from sums
),

-- A bias that has one sign and about one size in every backtest will be there again.
corrections as (
    select
        misses.model,
        case
            when
                count(*) > 1
                and count(misses.miss) = count(*)
                and (min(misses.miss) > 0 or max(misses.miss) < 0)
                and max(misses.miss) - min(misses.miss) <= max(settings.stable_bias_range)
                then cast(sum(misses.miss) as double) / count(misses.miss)
            else 0
        end as log_correction,
        -- Of the backtests in which something was expected and something came.
        cast(sum(misses.miss) as double) / nullif(count(misses.miss), 0) as log_miss,
        cast(sum(misses.miss) filter (where misses.split <> 'calibration') as double)
        / nullif(count(misses.miss) filter (where misses.split <> 'calibration'), 0)
            as earlier_log_correction
    from misses
    cross join settings
    group by misses.model
)

select
    misses.split,
    misses.model,
    splits.split_on,
    splits.until_on,
    misses.customer_count,
    misses.predicted_amount,
    misses.actual_amount,
    misses.expected_purchase_count,
    misses.purchase_count,
    cast(misses.predicted_amount as double) / nullif(cast(misses.actual_amount as double), 0) - 1
        as bias,
    misses.top_amount / nullif(cast(misses.actual_amount as double), 0) as top_decile_share,
    correlations.spearman,
    correlations.one_time_spearman,
    misses.hit_rate,
    exp(corrections.log_correction - corrections.log_miss) - 1 as average_bias,
    exp(corrections.log_correction) as correction,
    case when corrections.log_correction = 0 then 1 else exp(corrections.earlier_log_correction) end
        as tested_correction
from misses
inner join correlations
    on
        misses.split = correlations.split
        and misses.model = correlations.model
inner join corrections
    on misses.model = corrections.model
inner join {{ ref('clv_splits') }} as splits
    on misses.split = splits.split
