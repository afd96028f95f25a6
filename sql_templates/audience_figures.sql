-- title: An audience at a glance
-- question: How large is a segment, what has it brought, and how has it changed over the window?
-- grain: One row per currency of the revenue.
-- note: >-
--   Orders and revenue are of the latest day, over all time.
-- chart: a card per figure.
-- parameters:
--   segment: {type: text, options: segments, about: The segment; the first by title when unset.}
--   days: {type: integer, default: 90, options: windows, about: Days of the window.}
--   until: {type: date, options: published_days, about: Last day; the latest when unset.}
with

period as (
    select
        max(date_key) as until_on,
        max(date_key)
        - coalesce(try_cast(getvariable('days') as integer), 90) as since_on
    from insights.fact_segment_size
    where date_key <= coalesce(try_cast(getvariable('until') as date), date_key)
),

chosen as (
    select coalesce(getvariable('segment'), min_by(segment_name, (title, segment_name))) as segment_name
    from insights.dim_segment
),

comparison as (
    select
        coalesce(
            max(fact_segment_size.date_key)
            filter (where fact_segment_size.date_key <= period.since_on),
            min(fact_segment_size.date_key)
            filter (where fact_segment_size.date_key < period.until_on)
        ) as before_on
    from insights.fact_segment_size
    inner join chosen on fact_segment_size.segment_name = chosen.segment_name
    cross join period
),

moved as (
    select
        cast(sum(fact_segment_size.entered_count) as bigint) as entered_count,
        cast(sum(fact_segment_size.left_count) as bigint) as left_count
    from insights.fact_segment_size
    inner join chosen on fact_segment_size.segment_name = chosen.segment_name
    inner join period
        on
            fact_segment_size.date_key > period.since_on
            and fact_segment_size.date_key <= period.until_on
),

latest_day as (
    select max(fact_segment.date_key) as date_key
    from insights.fact_segment
    inner join chosen on fact_segment.segment_name = chosen.segment_name
),

brought as (
    select
        fact_segment.segment_name,
        fact_segment.order_count,
        fact_segment.net_amount,
        fact_segment.currency
    from insights.fact_segment
    inner join chosen on fact_segment.segment_name = chosen.segment_name
    inner join latest_day on fact_segment.date_key = latest_day.date_key
)

select
    comparison.before_on,
    current_day.profile_count,
    before_day.profile_count as profile_count_before,
    moved.entered_count,
    moved.left_count,
    brought.order_count,
    brought.net_amount,
    brought.currency
from chosen
cross join period
cross join comparison
cross join moved
left join insights.fact_segment_size as current_day
    on
        chosen.segment_name = current_day.segment_name
        and period.until_on = current_day.date_key
left join insights.fact_segment_size as before_day
    on
        chosen.segment_name = before_day.segment_name
        and comparison.before_on = before_day.date_key
left join brought on chosen.segment_name = brought.segment_name
order by brought.currency asc
