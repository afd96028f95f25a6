-- How recent is the data?
-- One row: the day of the latest accepted order, event or message.
-- Chart: none, a stamp on the page.
select max(date_key) as as_of_on
from insights.fact_profile
