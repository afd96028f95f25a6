with

settings as (
    select
        max(case when setting = 'interval_share' then value end) as interval_share,
        cast(max(case when setting = 'interval_bins' then value end) as int) as interval_bins,
        max(case when setting = 'fewest_in_bin' then value end) as fewest_in_bin,
        max(case when setting = 'interval_margin' then value end) as interval_margin
    from {{ ref('clv_settings') }}
),

-- Ten times as many customers as the bins need say what more would say.
judged as (
    select
        judged.split,
        judged.model,
        judged.is_active,
        judged.predicted_amount,
        judged.actual_amount,
        judged.draw % 2 as half
    from {{ ref('clv_judged') }} as judged
    inner join {{ ref('clv_cutoffs') }} as cutoffs
        on
            judged.split = cutoffs.split
            and judged.model = cutoffs.model
    cross join settings
    where
        judged.draw * cutoffs.customer_count
        < 10000000 * settings.interval_bins * settings.fewest_in_bin
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

-- Customers with predictions alike; equal predictions stay together.
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
        predicted_amount = 0 as is_nothing,
        case
            when predicted_amount = 0 then interval_bins
            else
                cast(floor(
                    ahead * greatest(1, least(interval_bins, floor(total / fewest_in_bin))) / total
                ) as int)
        end as bin
    from ranked
    cross join settings
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
        bool_or(is_nothing) as is_nothing,
        count(*) as n,
        least(count(*), ceil(max(settings.interval_share) * (count(*) + 1))) as covered_count,
        min(predicted_amount) as from_amount,
        max(settings.interval_margin) as margin,
        max(case when is_nothing then 0 else correction end) as point_ratio
    from binned
    cross join settings
    group by lesson, model, is_active, bin
),

-- The shortest stretch that holds so many; where many spend nothing it begins there. It holds its point.
shortest as (
    select
        sizes.lesson,
        sizes.model,
        sizes.is_active,
        sizes.bin,
        sizes.is_nothing,
        sizes.n,
        sizes.from_amount,
        least(lowest.ratio - sizes.margin * abs(lowest.ratio), sizes.point_ratio) as lower_ratio,
        greatest(highest.ratio + sizes.margin * abs(highest.ratio), sizes.point_ratio) as upper_ratio
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

-- An interval claims what it then covers.
claimed as (
    select
        shortest.*,
        avg(case when placed.ratio between shortest.lower_ratio and shortest.upper_ratio then 1 else 0 end)
            as claimed_coverage
    from shortest
    inner join placed
        on
            shortest.lesson = placed.lesson
            and shortest.model = placed.model
            and shortest.is_active = placed.is_active
            and shortest.bin = placed.bin
    group by all
),

-- A bin reaches from its smallest prediction up to the next bin's, the lowest from the least amount.
reaching as (
    select
        *,
        case
            when
                row_number() over (
                    partition by lesson, model, is_active, is_nothing order by bin desc nulls last
                ) > 1
                then from_amount
            when
                not is_nothing
                and bool_or(is_nothing) over (partition by lesson, model, is_active)
                then cast(0.01 as decimal(18, 2))
            else cast(0 as decimal(18, 2))
        end as reaches_from
    from claimed
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
