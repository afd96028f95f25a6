-- What somebody writes who wants RFM scores by fifths with ties together, once.
with

customers as (
    select
        profile_id,
        date_diff('day', max(bought_on) filter (where is_purchase), date '2026-10-31') as recency,
        count(*) filter (where is_purchase) as frequency,
        sum(net_amount) as monetary
    from value.purchase_days
    group by profile_id
),

scored as (
    select
        *,
        1 + (5 * (rank() over (order by recency desc) - 1)) // count(*) over () as r,
        1 + (5 * (rank() over (order by frequency) - 1)) // count(*) over () as f,
        1 + (5 * (rank() over (order by monetary) - 1)) // count(*) over () as m
    from customers
)

select
    *,
    case
        when r = 5 and f >= 4 then 'Champions'
        when r >= 3 and f >= 4 then 'Loyal customers'
        when r >= 4 and f >= 2 then 'Potential loyalists'
        when r = 5 then 'New customers'
        when r = 4 then 'Promising'
        when r = 3 and f = 3 then 'Need attention'
        when r = 3 then 'About to sleep'
        when f = 5 then 'Cannot lose them'
        when f >= 3 then 'At risk'
        else 'Hibernating'
    end as rfm_segment
from scored
