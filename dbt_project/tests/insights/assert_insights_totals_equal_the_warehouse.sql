-- What is published must be what the warehouse holds: every total that a report could show of the day
-- of the refresh is compared with the tables it was made from. What it held on earlier days is compared
-- with itself, in assert_days_agree. What is of too few people in all is published nowhere.
{% set k = var('minimum_cell_size') %}
{% set remembering = [
    'fact_clv_decile', 'fact_rfm', 'fact_lifetime_value', 'fact_measure', 'fact_consent',
] %}
with

this_refresh as (
    {{ this_refresh() }}
),

{% for fact in remembering %}
    {{ fact }}_now as (
        select fact.*
        from {{ ref(fact) }} as fact
        inner join this_refresh
            on
                fact.date_key = this_refresh.date_key
                and fact.merge_policy_id = this_refresh.merge_policy_id
    ),

{% endfor %}
customer_totals as (
    select
        case when count(*) >= {{ k }} then count(*) else 0 end as customer_count,
        case when count(*) >= {{ k }} then sum(net_amount) else 0 end as net_amount
    from {{ ref('customer_attributes') }}
),

may_be_mailed as (
    select contactable_profile_count
    from fact_consent_now
    where purpose = 'commercial' and channel = 'email'
),

-- Also those that are nobody's; of few buyers no month is told.
buyers as (
    select count(distinct coalesce(profile_id, order_id)) as buyer_count
    from {{ ref('order_amounts') }}
),

order_totals as (
    select
        count(*) filter (where order_amounts.is_order) as order_count,
        coalesce(sum(order_amounts.net_amount), 0) as net_amount
    from {{ ref('order_amounts') }} as order_amounts
    inner join buyers
        on buyers.buyer_count >= {{ minimum_cell_size('fact_revenue') }}
),

totals as (
    select
        'orders by month' as total,
        (select coalesce(sum(order_count), 0) from {{ ref('fact_revenue') }}) as published,
        (select order_count from order_totals) as expected
    union all
    select
        'net revenue by month' as total,
        (select coalesce(sum(net_amount), 0) from {{ ref('fact_revenue') }}) as published,
        (select net_amount from order_totals) as expected
    union all
    select
        'net revenue by lifetime decile' as total,
        (
            select coalesce(sum(metric_amount), 0)
            from fact_clv_decile_now
            where metric = 'net_revenue' and category_type = 'loyalty_tier' and look_back = 'lifetime'
        ) as published,
        (
            select case when count(nullif(net_amount, 0)) >= {{ k }} then sum(net_amount) else 0 end
            from {{ ref('customer_attributes') }}
        ) as expected
    union all
    select
        'members by decile' as total,
        (select coalesce(sum(profile_count), 0) from fact_clv_decile_now) as published,
        (
            select coalesce(sum(counted.profile_count), 0)
            from (
                select count(*) as profile_count
                from {{ ref('deciles') }}
                group by metric, category_type, look_back
                having count(*) >= {{ k }}
            ) as counted
        ) as expected
    union all
    select
        'customers by RFM group' as total,
        (select coalesce(sum(profile_count), 0) from fact_rfm_now) as published,
        (select customer_count from customer_totals) as expected
    union all
    select
        'net revenue by RFM group' as total,
        (select coalesce(sum(net_amount), 0) from fact_rfm_now) as published,
        (select net_amount from customer_totals) as expected
    union all
    select
        'net revenue by predicted decile' as total,
        (select coalesce(sum(historical_amount), 0) from fact_lifetime_value_now) as published,
        (select net_amount from customer_totals) as expected
    union all
    select
        'predicted revenue' as total,
        (select sum(predicted_amount) from fact_lifetime_value_now) as published,
        (
            select case when count(*) >= {{ k }} then sum(predicted_clv_amount) end
            from {{ ref('customer_lifetime_value') }}
        ) as expected
    union all
    select
        'people with a word about all channels' as total,
        (
            select coalesce(sum(profile_count), 0)
            from fact_consent_now
            where channel = 'any'
        ) as published,
        (
            select coalesce(sum(said.profile_count), 0)
            from (
                select count(distinct profile_id) as profile_count
                from {{ ref('consent') }}
                where channel = 'any' and topic = 'any'
                group by purpose
                having count(distinct profile_id) >= {{ k }}
            ) as said
        ) as expected
    union all
    select
        'people who may be e-mailed' as total,
        (select coalesce(sum(contactable_profile_count), 0) from may_be_mailed) as published,
        (
            -- Of too few nothing is told; then this is not compared.
            select
                case
                    when (select count(*) = count(contactable_profile_count) from may_be_mailed) then count(*)
                    else (select coalesce(sum(contactable_profile_count), 0) from may_be_mailed)
                end
            from {{ ref('profiles') }}
            where may_be_emailed
        ) as expected
    union all
    select
        'rows set aside by reason' as total,
        (
            select coalesce(sum(row_count), 0)
            from {{ ref('fact_set_aside') }}
            where reason <> 'duplicate_file'
        ) as published,
        (select count(*) from {{ ref('set_aside_rows') }}) as expected
    union all
    select
        'rows set aside by entity' as total,
        (select coalesce(sum(rows_set_aside), 0) from {{ ref('fact_row_conservation') }}) as published,
        (select coalesce(sum(row_count), 0) from {{ ref('fact_set_aside') }}) as expected
    {%- for measure in named_measures() if measure.is_of_people %}
        union all
        select
            'people of measure {{ measure.name }}' as total,
            (
                select coalesce(sum(profile_count), 0)
                from fact_measure_now
                where measure = '{{ measure.name }}'
            ) as published,
            (
                select case when count(distinct profile_id) >= {{ k }} then count(*) else 0 end
                from {{ ref(measure.model) }}
                where {{ measure.value }} is not null
            ) as expected
        union all
        select
            'people of measure {{ measure.name }}, each once' as total,
            (
                select coalesce(sum(deciles.profile_count), 0)
                from (
                    select max(decile_profile_count) as profile_count
                    from fact_measure_now
                    where measure = '{{ measure.name }}'
                    group by decile
                ) as deciles
            ) as published,
            (
                select case when count(distinct profile_id) >= {{ k }} then count(distinct profile_id) else 0 end
                from {{ ref(measure.model) }}
                where {{ measure.value }} is not null
            ) as expected
    {%- endfor %}
)

select
    total,
    published,
    expected
from totals
where published is distinct from expected
