{#- What is scored, and whether more of it is better. -#}
{%- set scored = {'recency_days': 'desc', 'frequency': 'asc', 'monetary_amount': 'asc'} -%}

with

customer_attributes as (
    select
        profile_id,
        days_since_last_purchase as recency_days,
        purchase_count as frequency,
        net_amount as monetary_amount
    from {{ ref('customer_attributes') }}
),

totals as (
    select
        count(*) as customer_count,
        max(frequency) as highest_frequency
    from customer_attributes
),

{% for measure, worst_first in scored.items() %}
    -- A score is 1 plus the full fifths of all customers that are strictly worse. So ties share a
    -- score, and where most customers bought once, once is a 1 and never, by luck, a 3. What more
    -- than a fifth share takes the middle of the fifths they lie in, what more than four fifths
    -- share says nothing of them. Values are fewer than customers, so it is worked out per value.
    -- Who kept nothing has no recency, which is the worst.
    scores_of_{{ measure }} as (
        select
            counted.{{ measure }},
            case
                {%- if measure == 'frequency' %}
                    when counted.frequency <= 1 and totals.customer_count >= 5
                        then case when totals.highest_frequency > 1 then 1 end
                {%- endif %}
                when {{ is_without_spread('counted.customer_count', 'totals.customer_count', 5) }}
                    then null
                else
                    1 + cast(floor(
                        cast(
                            10 * counted.worse_count
                            + case
                                when 5 * counted.customer_count > totals.customer_count
                                    then 5 * counted.customer_count
                                else 0
                            end as double
                        ) / (2 * totals.customer_count)
                    ) as int)
            end as score
        from (
            select
                {{ measure }},
                count(*) as customer_count,
                sum(count(*)) over (
                    order by {{ measure }} {{ worst_first }} nulls first
                    rows between unbounded preceding and current row
                ) - count(*) as worse_count
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

-- Nobody needs comparing to have bought once: that is the lowest row of the grid.
placed as (
    select
        *,
        case when frequency <= 1 then 1 else frequency_score end as grid_row
    from scored
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
            when recency_score is null or grid_row is null then 'Not scored'
            when recency_score = 5 and grid_row >= 4 then 'Champions'
            when recency_score >= 3 and grid_row >= 4 then 'Loyal customers'
            when recency_score >= 4 and grid_row >= 2 then 'Potential loyalists'
            when recency_score = 5 then 'New customers'
            when recency_score = 4 then 'Promising'
            when recency_score = 3 and grid_row = 3 then 'Need attention'
            when recency_score = 3 then 'About to sleep'
            when grid_row = 5 then 'Cannot lose them'
            when grid_row >= 3 then 'At risk'
            else 'Hibernating'
        end as rfm_segment
    from placed
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
