-- title: Quality of attributes
-- question: How many people have each attribute, how many values has it, and how many are valid?
-- grain: One row per attribute, the best filled first.
-- chart: a table.
with

latest as (
    select max(date_key) as date_key
    from insights.fact_attribute_completeness
)

select
    replace(fact_attribute_completeness.attribute, '_', ' ') as attribute_label,
    fact_attribute_completeness.filled_count,
    cast(fact_attribute_completeness.filled_count as double)
    / nullif(fact_attribute_completeness.profile_count, 0) as completeness,
    fact_attribute_completeness.distinct_count,
    fact_attribute_completeness.valid_count,
    cast(fact_attribute_completeness.valid_count as double)
    / nullif(fact_attribute_completeness.filled_count, 0) as valid_share
from insights.fact_attribute_completeness
inner join latest on fact_attribute_completeness.date_key = latest.date_key
order by completeness desc nulls last, attribute_label asc
