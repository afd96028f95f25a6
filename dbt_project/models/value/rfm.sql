{#- What is scored, and whether more of it is better. -#}
{%- set scored = {'recency_days': 'desc', 'frequency': 'asc', 'monetary_amount': 'asc'} -%}

with

customer_attributes as (
    select
        profile_id,
        days_since_last_order as recency_days,
        order_count as frequency,
        net_amount as monetary_amount
    from {{ ref('customer_attributes') }}
),

totals as (
    select count(*) as customer_count
    from customer_attributes
),

{% for measure, worst_first in scored.items() %}
    -- A score is 1 plus the full fifths of all customers that are strictly worse. So ties share a
    -- score, and where most customers bought once, once is a 1 and never, by luck, a 3. Values are
    -- fewer than customers, so it is worked out per value. Who only got money back has no recency,
    -- which is the worst.
    scores_of_{{ measure }} as (
        select
            counted.{{ measure }},
            1 + cast(
                floor(
                    cast(
                        5 * (
                            sum(counted.customer_count) over (
                                order by counted.{{ measure }} {{ worst_first }} nulls first
                                rows between unbounded preceding and current row
                            ) - counted.customer_count
                        ) as double
                    ) / totals.customer_count
                ) as int
            ) as score
        from (
            select
                {{ measure }},
                count(*) as customer_count
            from customer_attributes
            group by {{ measure }}
        ) as counted
        cross join totals
    ),
{% endfor %}

scored as (
    select
        customer_attributes.profile_id,
        customer_attributes.recency_days,
        customer_attributes.frequency,
        customer_attributes.monetary_amount,
        scores_of_recency_days.score as recency_score,
        scores_of_frequency.score as frequency_score,
        scores_of_monetary_amount.score as monetary_score
    from customer_attributes
    inner join scores_of_recency_days
        on scores_of_recency_days.recency_days is not distinct from customer_attributes.recency_days
    inner join scores_of_frequency
        on scores_of_frequency.frequency = customer_attributes.frequency
    inner join scores_of_monetary_amount
        on scores_of_monetary_amount.monetary_amount = customer_attributes.monetary_amount
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
