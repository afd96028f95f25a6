with

customer_attributes as (
    select
        profile_id,
        days_since_last_order as recency_days,
        order_count as frequency,
        net_amount as monetary_amount
    from {{ ref('customer_attributes') }}
),

-- rank() gives equal values an equal place, counted from the worst.
placed as (
    select
        profile_id,
        recency_days,
        frequency,
        monetary_amount,
        rank() over (order by recency_days desc nulls last) as recency_place,
        rank() over (order by frequency asc nulls last) as frequency_place,
        rank() over (order by monetary_amount asc nulls last) as monetary_place,
        count(*) over () as customer_count
    from customer_attributes
),

-- A score is 1 plus the full fifths of all customers that are strictly worse. So ties share a
-- score, and where most customers bought once, once is a 1 and never, by luck, a 3.
scored as (
    select
        profile_id,
        recency_days,
        frequency,
        monetary_amount,
        1 + cast(floor(cast(5 * (recency_place - 1) as double) / customer_count) as int)
            as recency_score,
        1 + cast(floor(cast(5 * (frequency_place - 1) as double) / customer_count) as int)
            as frequency_score,
        1 + cast(floor(cast(5 * (monetary_place - 1) as double) / customer_count) as int)
            as monetary_score
    from placed
),

-- The grid of recency and frequency that marketers know; every pair of scores has one name.
named as (
    select
        profile_id,
        recency_days,
        frequency,
        monetary_amount,
        recency_score,
        frequency_score,
        monetary_score,
        case
            when recency_score = 5 and frequency_score >= 4 then 'Champions'
            when recency_score >= 3 and frequency_score >= 4 then 'Loyal customers'
            when recency_score >= 4 and frequency_score >= 2 then 'Potential loyalists'
            when recency_score = 5 then 'New customers'
            when recency_score = 4 then 'Promising'
            when recency_score = 3 and frequency_score = 3 then 'Need attention'
            when recency_score = 3 then 'About to sleep'
            when frequency_score = 5 then 'Cannot lose them'
            when frequency_score >= 3 then 'At risk'
            else 'Hibernating'
        end as rfm_segment
    from scored
)

select
    profile_id,
    recency_days,
    frequency,
    monetary_amount,
    recency_score,
    frequency_score,
    monetary_score,
    rfm_segment
from named
