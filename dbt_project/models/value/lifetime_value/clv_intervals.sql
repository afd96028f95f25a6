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
        ) as place,
        count(*) over (partition by lesson, model, is_active, bin) as n,
        min(predicted_amount) over (partition by lesson, model, is_active, bin) as from_amount
    from binned
),

-- Where a stretch ends that holds so many. A column, so that its end is found by equality.
stretches as (
    select
        placed.*,
        settings.interval_margin as margin,
        case when placed.is_nothing then 0 else placed.correction end as point_ratio,
        placed.place - 1 + cast(
            least(placed.n, ceil(settings.interval_share * (placed.n + 1))) as bigint
        ) as last_place
    from placed
    cross join settings
),

-- The shortest of them; where many spend nothing it begins there. It holds its point.
shortest as (
    select
        lowest.lesson,
        lowest.model,
        lowest.is_active,
        lowest.bin,
        lowest.is_nothing,
        lowest.n,
        lowest.from_amount,
        least(lowest.ratio - lowest.margin * abs(lowest.ratio), lowest.point_ratio) as lower_ratio,
        greatest(highest.ratio + lowest.margin * abs(highest.ratio), lowest.point_ratio) as upper_ratio
    from stretches as lowest
    inner join placed as highest
        on
            lowest.lesson = highest.lesson
            and lowest.model = highest.model
            and lowest.is_active = highest.is_active
            and lowest.bin = highest.bin
            and lowest.last_place = highest.place
    qualify row_number() over (
        partition by lowest.lesson, lowest.model, lowest.is_active, lowest.bin
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
