with

predictions as (
    select *
    from {{ ref('clv_predictions') }}
    where split <> 'refresh'
),

settings as (
    select
        max(case when setting = 'most_backtest_customers' then value end) as most_backtest_customers,
        max(case when setting = 'high_value_top_share' then value end) as high_value_top_share
    from {{ ref('clv_settings') }}
),

-- Nothing is judged where there was too little to learn from.
fits as (
    select
        split,
        max(customer_count) as customer_count
    from {{ ref('clv_parameters') }}
    where split <> 'refresh'
    group by split
    having count(*) filter (where status = 'too_little_data') = 0
),

-- A share of the customers by a hash of their ids, when they are more than need be looked at.
judged as (
    select
        predictions.*,
        {{ hash60("predictions.profile_id || ' draw'") }} % 1000000 as draw
    from predictions
    cross join settings
    inner join fits
        on
            predictions.split = fits.split
            and (
                fits.customer_count <= settings.most_backtest_customers
                or {{ hash60('predictions.profile_id') }} % 1000000
                < 1000000 * settings.most_backtest_customers / fits.customer_count
            )
),

actual_totals as (
    select
        split,
        sum(case when future_amount > 0 then future_amount else 0 end) as positive_amount,
        count(*) filter (where future_amount > 0) as payer_count
    from judged
    group by split
),

-- Twice the mean rank from below, so that it is a whole number also where amounts are equal. It is
-- told from the rank from above, which needs no order of its own.
actual_ranks as (
    select
        judged.*,
        2 * (
            count(*) over (partition by judged.split)
            - rank() over (partition by judged.split order by judged.future_amount desc nulls last)
        ) + 3 - count(*) over (
            partition by judged.split order by judged.future_amount desc nulls last
            range between current row and current row
        ) as actual_rank,
        sum(case when judged.future_amount > 0 then judged.future_amount else 0 end) over (
            partition by judged.split
            order by judged.future_amount desc nulls last, judged.profile_id asc nulls last
            rows between unbounded preceding and current row
        ) as amount_up_to,
        row_number() over (
            partition by judged.split
            order by judged.future_amount desc nulls last, judged.profile_id asc nulls last
        ) as place
    from judged
),

actuals as (
    select
        actual_ranks.*,
        actual_ranks.future_amount > 0 and case
            when settings.high_value_top_share > 0
                then actual_ranks.place <= settings.high_value_top_share * actual_totals.payer_count
            else
                actual_ranks.amount_up_to - actual_ranks.future_amount
                < cast(0.8 as decimal(2, 1)) * actual_totals.positive_amount
        end as is_high_value
    from actual_ranks
    inner join actual_totals
        on actual_ranks.split = actual_totals.split
    cross join settings
),

candidates as (
    {%- for method in clv_methods() %}
        select
            split,
            profile_id,
            frequency = 0 as is_one_time_buyer,
            is_active,
            draw,
            '{{ method }}' as model,
            cast({{ method }}_amount as decimal(18, 2)) as predicted_amount,
            future_amount as actual_amount,
            {% if method in clv_model_methods() %}{{ method }}_purchases{% else %}null{% endif %}
                as expected_purchase_count,
            future_purchase_count as purchase_count,
            actual_rank,
            is_high_value
        from actuals
        where {{ method }}_amount is not null
        {%- if not loop.last %}
            union all
        {%- endif %}
    {%- endfor %}
),

high_value_counts as (
    select
        split,
        count(*) filter (where is_high_value) as high_value_count
    from actuals
    group by split
),

ranked as (
    select
        candidates.*,
        ntile(10) over (
            partition by candidates.split, candidates.model
            order by candidates.predicted_amount desc nulls last, candidates.profile_id asc nulls last
        ) as decile,
        row_number() over (
            partition by candidates.split, candidates.model
            order by candidates.predicted_amount desc nulls last, candidates.profile_id asc nulls last
        ) <= high_value_counts.high_value_count as is_predicted_high_value,
        2 * (
            count(*) over (partition by candidates.split, candidates.model)
            - rank() over (
                partition by candidates.split, candidates.model
                order by candidates.predicted_amount desc nulls last
            )
        ) + 3 - count(*) over (
            partition by candidates.split, candidates.model
            order by candidates.predicted_amount desc nulls last
            range between current row and current row
        ) as predicted_rank
    from candidates
    inner join high_value_counts
        on candidates.split = high_value_counts.split
)

select
    split,
    model,
    profile_id,
    is_one_time_buyer,
    is_active,
    cast(draw as int) as draw,
    predicted_amount,
    actual_amount,
    cast(expected_purchase_count as double) as expected_purchase_count,
    purchase_count,
    cast(decile as int) as decile,
    cast(predicted_rank as bigint) as predicted_rank,
    cast(actual_rank as bigint) as actual_rank,
    is_high_value,
    is_predicted_high_value
from ranked
