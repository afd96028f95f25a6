with

judged as (
    select
        split,
        model,
        predicted_amount,
        actual_amount,
        {{ hash60('profile_id') }} % 2 as half
    from {{ ref('clv_judged') }}
),

corrections as (
    select
        model,
        max(correction) as correction,
        max(tested_correction) as tested_correction,
        count(*) as split_count
    from {{ ref('clv_cutoffs') }}
    group by model
),

-- What is published is learned from all backtests. What is tested at the last one is learned from
-- the others; where there is one only, from half of its customers.
lessons as (
    select
        'published' as lesson,
        judged.model,
        judged.predicted_amount,
        judged.actual_amount,
        corrections.correction
    from judged
    inner join corrections
        on judged.model = corrections.model
    union all
    select
        'tested' as lesson,
        judged.model,
        judged.predicted_amount,
        judged.actual_amount,
        corrections.tested_correction as correction
    from judged
    inner join corrections
        on judged.model = corrections.model
    where case when corrections.split_count > 1 then judged.split <> 'calibration' else judged.half = 0 end
),

-- Customers with predictions alike, a hundred or more; equal predictions stay together.
ranked as (
    select
        *,
        rank() over (partition by lesson, model order by predicted_amount desc nulls last) - 1 as ahead,
        count(*) over (partition by lesson, model) as total
    from lessons
),

binned as (
    select
        lesson,
        model,
        predicted_amount,
        correction,
        cast(actual_amount as double)
        / case when predicted_amount > 0 then cast(predicted_amount as double) else 1 end as ratio,
        case
            when predicted_amount = 0 then 20
            else cast(floor(ahead * greatest(1, least(20, floor(total / 100.0))) / total) as int)
        end as bin
    from ranked
),

placed as (
    select
        *,
        row_number() over (
            partition by lesson, model, bin
            order by ratio asc nulls last, predicted_amount asc nulls last
        ) as place
    from binned
),

sizes as (
    select
        lesson,
        model,
        bin,
        count(*) as n,
        count(*) filter (where ratio < 0) as negative_count,
        -- Where a tenth spend nothing the lower end is nothing, and the upper one has all the rest.
        count(*) filter (where ratio <= 0) >= 0.1 * count(*) as begins_with_nothing,
        min(predicted_amount) as from_amount,
        max(correction) as correction
    from binned
    group by lesson, model, bin
),

quantiles as (
    select
        sizes.lesson,
        sizes.model,
        sizes.bin,
        sizes.n,
        sizes.from_amount,
        sizes.correction,
        max(
            case
                when sizes.begins_with_nothing then 0
                when placed.place = greatest(1, floor(0.1 * (sizes.n + 1))) then placed.ratio
            end
        ) as lower_ratio,
        max(
            case
                when placed.place = least(sizes.n, ceil(case
                    when sizes.begins_with_nothing then sizes.negative_count + 0.8 * (sizes.n + 1)
                    else 0.9 * (sizes.n + 1)
                end)) then placed.ratio
            end
        ) as upper_ratio
    from sizes
    inner join placed
        on
            sizes.lesson = placed.lesson
            and sizes.model = placed.model
            and sizes.bin = placed.bin
    group by sizes.lesson, sizes.model, sizes.bin, sizes.n, sizes.from_amount, sizes.correction
),

-- An interval holds its point, and claims what it then covers.
widened as (
    select
        lesson,
        model,
        bin,
        n,
        from_amount,
        case when bin < 20 then least(lower_ratio, correction) else lower_ratio end as lower_ratio,
        case when bin < 20 then greatest(upper_ratio, correction) else greatest(upper_ratio, 0) end
            as upper_ratio
    from quantiles
),

claims as (
    select
        widened.lesson,
        widened.model,
        widened.bin,
        avg(case when placed.ratio between widened.lower_ratio and widened.upper_ratio then 1 else 0 end)
            as claimed_coverage
    from widened
    inner join placed
        on
            widened.lesson = placed.lesson
            and widened.model = placed.model
            and widened.bin = placed.bin
    group by widened.lesson, widened.model, widened.bin
),

-- A bin reaches from its smallest prediction up to the next bin's, the lowest from the least amount.
reaching as (
    select
        widened.*,
        claims.claimed_coverage,
        case
            when widened.bin = 20 then cast(0 as decimal(18, 2))
            when
                row_number() over (
                    partition by widened.lesson, widened.model, widened.bin = 20
                    order by widened.bin desc nulls last
                ) > 1
                then widened.from_amount
            when max(widened.bin) over (partition by widened.lesson, widened.model) = 20
                then cast(0.01 as decimal(18, 2))
            else cast(0 as decimal(18, 2))
        end as reaches_from
    from widened
    inner join claims
        on
            widened.lesson = claims.lesson
            and widened.model = claims.model
            and widened.bin = claims.bin
)

select
    lesson,
    model,
    bin,
    cast(n as bigint) as customer_count,
    reaches_from as from_amount,
    lag(reaches_from) over (partition by lesson, model order by bin asc nulls last) as below_amount,
    lower_ratio,
    upper_ratio,
    claimed_coverage
from reaching
