-- title: Purposes
-- question: For what was consent asked?
-- grain: One row per purpose. Feeds a selector.
-- chart: none, feeds a selector.
select
    purpose as option_value,
    purpose as option_label
from insights.fact_consent
group by purpose
order by purpose asc
