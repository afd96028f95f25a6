-- title: A measure by decile or dimension
-- question: >-
--   What does a measure come to among good customers and the others, or in each value of its
--   dimension?
-- grain: >-
--   One row per lifetime decile of the people it says something of, those without one last; or
--   per value of the dimension, the greatest first, and a single row of a measure without one.
-- chart: columns of average_value by group_label.
-- parameters:
--   merge_policy: {type: text, options: merge_policies, about: The merge policy; the default one when unset.}
--   measure: {type: text, options: measures, about: The measure; the first by name when unset.}
--   measure_group: {type: text, default: decile, options: measure_groups, about: Its groups.}
with

latest as (
    select
        fact_measure.merge_policy_id,
        max(fact_measure.date_key) as date_key
    from insights.fact_measure
    inner join insights.dim_merge_policy
        on fact_measure.merge_policy_id = dim_merge_policy.merge_policy_id
    where
        dim_merge_policy.merge_policy_name = getvariable('merge_policy')
        or (getvariable('merge_policy') is null and dim_merge_policy.is_default)
    group by fact_measure.merge_policy_id
),

chosen as (
    select
        coalesce(getvariable('measure'), measure) as measure,
        case when coalesce(getvariable('measure_group'), 'decile') = 'decile' then 1 else 0 end
            as is_by_decile
    from insights.dim_measure
    qualify row_number() over (order by measure_name asc, measure asc) = 1
),

grouped as (
    select
        fact_measure.currency,
        fact_measure.profile_count,
        fact_measure.decile_profile_count,
        fact_measure.total_value,
        fact_measure.average_value,
        case
            when chosen.is_by_decile = 0 then fact_measure.dimension_value
            when fact_measure.decile = 0 then 'none'
            when fact_measure.decile = -1 then 'few people'
            else cast(fact_measure.decile as varchar)
        end as group_label,
        case when chosen.is_by_decile = 1 and fact_measure.decile > 0 then fact_measure.decile end
            as place,
        chosen.is_by_decile
    from insights.fact_measure
    inner join latest
        on
            fact_measure.merge_policy_id = latest.merge_policy_id
            and fact_measure.date_key = latest.date_key
    inner join chosen on fact_measure.measure = chosen.measure
),

-- A person has one decile, but several values of a dimension.
summed as (
    select
        group_label,
        place,
        currency,
        case when is_by_decile = 1 then max(decile_profile_count) else sum(profile_count) end
            as profile_count,
        sum(total_value) as total_value,
        sum(average_value * profile_count) / nullif(sum(profile_count), 0) as mean_of_values,
        avg(average_value) as average_value
    from grouped
    group by group_label, place, currency, is_by_decile
)

select
    group_label,
    currency,
    cast(profile_count as bigint) as profile_count,
    cast(total_value as decimal(18, 2)) as total_value,
    -- Per person, or per person and value of the dimension where sums mean nothing. A measure of no
    -- people has one value, and of a text is told how many people have one.
    cast(
        coalesce(total_value / nullif(profile_count, 0), mean_of_values, average_value, profile_count)
        as decimal(18, 2)
    ) as average_value
from summed
order by place asc nulls last, average_value desc nulls last, group_label asc
