with

judged as (
    select * from {{ ref('clv_judged') }}
    where split = 'calibration'
),

corrections as (
    select
        model,
        tested_correction
    from {{ ref('clv_cutoffs') }}
    where split = 'calibration'
),

coverage as (
    select * from {{ ref('clv_coverage') }}
    where split = 'calibration'
),

fits as (
    select min(version) as version
    from {{ ref('clv_parameters') }}
),

corrected as (
    select
        judged.*,
        cast(judged.predicted_amount * corrections.tested_correction as decimal(18, 2))
            as corrected_amount
    from judged
    inner join corrections
        on judged.model = corrections.model
),

deciles as (
    select
        model,
        decile,
        cast(count(*) as bigint) as customer_count,
        cast(sum(corrected_amount) as decimal(18, 2)) as predicted_amount,
        cast(sum(actual_amount) as decimal(18, 2)) as actual_amount,
        cast(
            sum((corrected_amount - actual_amount) * (corrected_amount - actual_amount))
            as decimal(38, 4)
        ) as squared_error,
        cast(count(*) filter (where is_high_value) as bigint) as high_value_count,
        cast(count(*) filter (where is_high_value and is_predicted_high_value) as bigint) as hit_count
    from corrected
    group by model, decile
)

select
    fits.version,
    deciles.model,
    deciles.decile,
    deciles.customer_count,
    deciles.predicted_amount,
    deciles.actual_amount,
    deciles.squared_error,
    deciles.high_value_count,
    deciles.hit_count,
    coverage.tested_count,
    coverage.claimed_coverage,
    coverage.measured_coverage
from deciles
inner join coverage
    on
        deciles.model = coverage.model
        and deciles.decile = coverage.decile
cross join fits
