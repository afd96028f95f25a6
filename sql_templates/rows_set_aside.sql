-- title: Rows set aside
-- question: Which rows were set aside, and why?
-- grain: One row per reason, source system and entity, the most frequent reason first.
-- chart: bars of row_count by reason, split by source system.
with

reason_totals as (
    select
        reason,
        sum(row_count) as reason_row_count
    from insights.fact_set_aside
    group by reason
)

select
    replace(fact_set_aside.reason, '_', ' ') as reason_label,
    replace(fact_set_aside.source_system, '_', ' ') as source_label,
    fact_set_aside.entity,
    fact_set_aside.row_count
from insights.fact_set_aside
inner join reason_totals on fact_set_aside.reason = reason_totals.reason
order by
    reason_totals.reason_row_count desc,
    fact_set_aside.reason asc,
    fact_set_aside.source_system asc,
    fact_set_aside.entity asc
