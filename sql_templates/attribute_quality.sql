-- title: Attribute quality
-- question: >-
--   How many people have a value of each attribute, how many a valid one, and how many different
--   ones?
-- grain: One row per attribute, the least complete first.
-- chart: bars of completeness by attribute.
with

latest as (
    select max(date_key) as date_key
    from insights.fact_attribute_completeness
)

select
    fact_attribute_completeness.attribute,
    fact_attribute_completeness.profile_count,
    fact_attribute_completeness.filled_count,
    fact_attribute_completeness.valid_count,
    fact_attribute_completeness.distinct_count,
    cast(fact_attribute_completeness.valid_count as double)
    / nullif(fact_attribute_completeness.profile_count, 0) as completeness
from insights.fact_attribute_completeness
inner join latest on fact_attribute_completeness.date_key = latest.date_key
order by completeness asc nulls last, fact_attribute_completeness.attribute asc
