-- title: Revenue by month
-- question: How much revenue did each month bring, and how much of it was returned?
-- grain: One row per month and currency.
-- note: >-
--   A return counts in the month it was booked, as a negative amount here, so that net = gross +
--   returned. A month of too few buyers is empty, and in the next one.
-- chart: columns of gross and returned amount by month, net as a line.
select
    month_start_on,
    currency,
    order_count,
    gross_amount,
    -returned_amount as returned_amount,
    net_amount
from insights.fact_revenue
order by month_start_on, currency
