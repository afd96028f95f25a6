-- What does a measure come to, in all and in each value of its dimension?
-- One row per value of the dimension, the greatest first; a measure without one has a single row.
-- Chart: bars of average_value by dimension_value.
-- Variables: measure (the first by name when unset).
with

latest as (
    select max(date_key) as date_key
    from insights.fact_measure
),

chosen as (
    select coalesce(getvariable('measure'), min_by(measure, (measure_name, measure))) as measure
    from insights.dim_measure
)

select
    fact_measure.dimension_value,
    fact_measure.currency,
    cast(sum(fact_measure.profile_count) as bigint) as profile_count,
    cast(sum(fact_measure.total_value) as decimal(18, 2)) as total_value,
    -- A measure of no people has one value, and of a text is told how many people have one.
    cast(
        coalesce(
            sum(fact_measure.average_value * fact_measure.profile_count)
            / nullif(sum(fact_measure.profile_count), 0),
            avg(fact_measure.average_value),
            sum(fact_measure.profile_count)
        ) as decimal(18, 2)
    ) as average_value
from insights.fact_measure
inner join latest on fact_measure.date_key = latest.date_key
inner join chosen on fact_measure.measure = chosen.measure
group by fact_measure.dimension_value, fact_measure.currency
order by average_value desc nulls last, fact_measure.dimension_value asc
