-- What does a measure come to among good customers, and among the others?
-- One row per lifetime decile of the people it says something of; those without a decile come last.
-- Chart: columns of average_value by decile.
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
    case when fact_measure.decile = 0 then 'none' else cast(fact_measure.decile as varchar) end
        as decile_label,
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
group by fact_measure.decile, fact_measure.currency
order by case when fact_measure.decile = 0 then 1 else 0 end, fact_measure.decile asc
