-- What is published must be what the warehouse holds: every total that a report could show is
-- compared with the tables it was made from.
with

customer_totals as (
    select
        count(*) as customer_count,
        coalesce(sum(net_amount), 0) as net_amount
    from {{ ref('customer_attributes') }}
),

-- Also those that are nobody's.
order_totals as (
    select
        count(*) filter (where is_order) as order_count,
        coalesce(sum(net_amount), 0) as net_amount
    from {{ ref('order_amounts') }}
),

totals as (
    select
        'people' as total,
        (select sum(profile_count) from {{ ref('fact_profile') }}) as published,
        (select count(*) from {{ ref('profiles') }}) as expected
    union all
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
            from {{ ref('fact_clv_decile') }}
            where metric = 'net_revenue' and category_type = 'loyalty_tier' and look_back = 'lifetime'
        ) as published,
        (select net_amount from customer_totals) as expected
    union all
    select
        'members by decile' as total,
        (select coalesce(sum(profile_count), 0) from {{ ref('fact_clv_decile') }}) as published,
        (select count(*) from {{ ref('deciles') }}) as expected
    union all
    select
        'customers by RFM group' as total,
        (select coalesce(sum(profile_count), 0) from {{ ref('fact_rfm') }}) as published,
        (select customer_count from customer_totals) as expected
    union all
    select
        'net revenue by RFM group' as total,
        (select coalesce(sum(net_amount), 0) from {{ ref('fact_rfm') }}) as published,
        (select net_amount from customer_totals) as expected
    union all
    select
        'net revenue by predicted decile' as total,
        (select coalesce(sum(historical_amount), 0) from {{ ref('fact_lifetime_value') }}) as published,
        (select net_amount from customer_totals) as expected
    union all
    select
        'predicted revenue' as total,
        (select sum(predicted_amount) from {{ ref('fact_lifetime_value') }}) as published,
        (select sum(predicted_clv_amount) from {{ ref('customer_lifetime_value') }}) as expected
    union all
    select
        'segment members' as total,
        (select coalesce(sum(profile_count), 0) from {{ ref('fact_segment') }}) as published,
        (select count(*) from {{ ref('segment_membership') }}) as expected
    union all
    select
        'people sent a campaign' as total,
        (select coalesce(sum(sent_count), 0) from {{ ref('fact_campaign') }}) as published,
        (
            select count(*)
            from {{ ref('campaign_responses') }}
            where is_sent
        ) as expected
    union all
    select
        'people who clicked in a campaign' as total,
        (select coalesce(sum(unique_click_count), 0) from {{ ref('fact_campaign') }}) as published,
        (
            select count(*)
            from {{ ref('campaign_responses') }}
            where is_clicked
        ) as expected
    {%- for name in var('message_counts') %}
        union all
        select
            '{{ name }} of messages' as total,
            (select coalesce(sum({{ name }}), 0) from {{ ref('fact_message_response') }}) as published,
            (select count({{ var('message_counts')[name] }}) from {{ ref('message_responses') }}) as expected
        union all
        select
            '{{ name }} of messages by day' as total,
            (select coalesce(sum({{ name }}), 0) from {{ ref('fact_message_response_by_day') }}) as published,
            (select coalesce(sum({{ name }}), 0) from {{ ref('fact_message_response') }}) as expected
    {%- endfor %}
    {%- for model in ['clicked', 'received'] %}
        {%- for fact in ['fact_message_response', 'fact_message_response_by_day'] %}
            union all
            select
                'revenue of messages {{ model }}, {{ fact }}' as total,
                (select coalesce(sum({{ model }}_net_amount), 0) from {{ ref(fact) }}) as published,
                (
                    select coalesce(sum(net_amount), 0)
                    from {{ ref('message_conversions') }}
                    where attribution_model = 'last_{{ model }}'
                ) as expected
        {%- endfor %}
    {%- endfor %}
    union all
    select
        'people with a word about all channels' as total,
        (
            select coalesce(sum(profile_count), 0)
            from {{ ref('fact_consent') }}
            where channel = 'any'
        ) as published,
        (
            select count(*)
            from (
                select distinct
                    profile_id,
                    purpose
                from {{ ref('consent') }}
                where channel = 'any' and topic = 'any'
            ) as said
        ) as expected
    union all
    select
        'people who may be e-mailed' as total,
        (
            select coalesce(sum(contactable_profile_count), 0)
            from {{ ref('fact_consent') }}
            where purpose = 'commercial' and channel = 'email'
        ) as published,
        (
            select count(*)
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
                from {{ ref('fact_measure') }}
                where measure = '{{ measure.name }}'
            ) as published,
            (
                select count(*)
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
                    from {{ ref('fact_measure') }}
                    where measure = '{{ measure.name }}'
                    group by decile
                ) as deciles
            ) as published,
            (
                select count(distinct profile_id) from {{ ref(measure.model) }} where {{ measure.value }} is not null
            ) as expected
    {%- endfor %}
)

select
    total,
    published,
    expected
from totals
where published is distinct from expected
