-- Who was sent what and did what, compared with the tables it was counted in; see
-- assert_insights_totals_equal_the_warehouse.
with

totals as (
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
)

select
    total,
    published,
    expected
from totals
where published is distinct from expected
