-- The calendar of the reports: one row per day.
select date_key
from main.dim_date
