-- title: Day of the data
-- question: How recent is the data?
-- grain: >-
--   One row: the day of the latest accepted order, event or message.
-- chart: none, a stamp on the page.
select max(date_key) as as_of_on
from insights.fact_profile
