with

judged as (
    select
        split,
        model,
        is_active,
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

-- What is tested at the last backtest is learned from the others, or from half of its customers.
lessons as (
    select
        lesson.lesson,
        judged.model,
        judged.is_active,
        judged.predicted_amount,
        judged.actual_amount,
        case lesson.lesson when 'published' then correction else tested_correction end as correction
    from judged
    inner join corrections
        on judged.model = corrections.model
    cross join (values ('published'), ('tested')) as lesson (lesson)
    where
        lesson.lesson = 'published'
        or case when corrections.split_count > 1 then judged.split <> 'calibration' else judged.half = 0 end
),

-- Customers with predictions alike, a hundred or more; equal predictions stay together.
ranked as (
    select
        *,
        rank() over (
            partition by lesson, model, is_active order by predicted_amount desc nulls last
        ) - 1 as ahead,
        count(*) over (partition by lesson, model, is_active) as total
    from lessons
),

binned as (
    select
        lesson,
        model,
        is_active,
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
            partition by lesson, model, is_active, bin
            order by ratio asc nulls last, predicted_amount asc nulls last
        ) as place
    from binned
),

sizes as (
    select
        lesson,
        model,
        is_active,
        bin,
        count(*) as n,
        least(count(*), ceil(0.8 * (count(*) + 1))) as covered_count,
        min(predicted_amount) as from_amount,
        max(case when bin < 20 then correction else 0 end) as point_ratio
    from binned
    group by lesson, model, is_active, bin
),

-- The shortest stretch that holds so many; where many spend nothing it begins there. Totals shift from
-- one backtest to the next by as much as a tenth, so its ends are moved out by that: where many spend
-- exactly alike, as subscribers do, an end among them would be chance.
shortest as (
    select
        sizes.lesson,
        sizes.model,
        sizes.is_active,
        sizes.bin,
        sizes.n,
        sizes.from_amount,
        sizes.point_ratio,
        lowest.ratio - 0.1 * abs(lowest.ratio) as lower_ratio,
        highest.ratio + 0.1 * abs(highest.ratio) as upper_ratio
    from sizes
    inner join placed as lowest
        on
            sizes.lesson = lowest.lesson
            and sizes.model = lowest.model
            and sizes.is_active = lowest.is_active
            and sizes.bin = lowest.bin
    inner join placed as highest
        on
            sizes.lesson = highest.lesson
            and sizes.model = highest.model
            and sizes.is_active = highest.is_active
            and sizes.bin = highest.bin
            and lowest.place + sizes.covered_count - 1 = highest.place
    qualify row_number() over (
        partition by sizes.lesson, sizes.model, sizes.is_active, sizes.bin
        order by highest.ratio - lowest.ratio asc nulls last, lowest.place asc nulls last
    ) = 1
),

-- An interval holds its point, and claims what it then covers.
widened as (
    select
        lesson,
        model,
        is_active,
        bin,
        n,
        from_amount,
        least(lower_ratio, point_ratio) as lower_ratio,
        greatest(upper_ratio, point_ratio) as upper_ratio
    from shortest
),

claims as (
    select
        widened.lesson,
        widened.model,
        widened.is_active,
        widened.bin,
        avg(case when placed.ratio between widened.lower_ratio and widened.upper_ratio then 1 else 0 end)
            as claimed_coverage
    from widened
    inner join placed
        on
            widened.lesson = placed.lesson
            and widened.model = placed.model
            and widened.is_active = placed.is_active
            and widened.bin = placed.bin
    group by widened.lesson, widened.model, widened.is_active, widened.bin
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
                    partition by widened.lesson, widened.model, widened.is_active, widened.bin = 20
                    order by widened.bin desc nulls last
                ) > 1
                then widened.from_amount
            when max(widened.bin) over (partition by widened.lesson, widened.model, widened.is_active) = 20
                then cast(0.01 as decimal(18, 2))
            else cast(0 as decimal(18, 2))
        end as reaches_from
    from widened
    inner join claims
        on
            widened.lesson = claims.lesson
            and widened.model = claims.model
            and widened.is_active = claims.is_active
            and widened.bin = claims.bin
)

select
    lesson,
    model,
    is_active,
    bin,
    cast(n as bigint) as customer_count,
    reaches_from as from_amount,
    lag(reaches_from) over (partition by lesson, model, is_active order by bin asc nulls last)
        as below_amount,
    lower_ratio,
    upper_ratio,
    claimed_coverage
from reaching
