with

responses as (
    select
        message_responses.*,
        coalesce(message_responses.channel, campaigns.channel, 'unknown') as channel_name
    from {{ ref('message_responses') }} as message_responses
    left join {{ ref('dim_campaign') }} as campaigns
        on campaigns.campaign_id = message_responses.campaign_id
),

orders as (
    select
        message_conversions.*,
        coalesce(message_conversions.channel, campaigns.channel, 'unknown') as channel_name
    from {{ ref('message_conversions') }} as message_conversions
    left join {{ ref('dim_campaign') }} as campaigns
        on campaigns.campaign_id = message_conversions.campaign_id
),

-- A person counts on the day of the first time, so that days add up to the campaign.
happened as (
    {%- for name, day in message_counts().items() %}
        select
            campaign_id,
            channel_name,
            {{ day }} as event_on,
            '{{ name }}' as what,
            cast(0 as decimal(18, 2)) as net_amount
        from responses
        where {{ day }} is not null
        union all
    {%- endfor %}
    select
        campaign_id,
        channel_name,
        cast(ordered_at as date) as event_on,
        attribution_model as what,
        net_amount
    from orders
)

select
    campaign_id,
    channel_name as channel,
    event_on,
    {%- for name in message_counts() %}
        cast(count(*) filter (where what = '{{ name }}') as bigint) as {{ name }},
    {%- endfor %}
    {%- for model in ['clicked', 'received'] %}
        cast(count(*) filter (where what = 'last_{{ model }}') as bigint) as {{ model }}_order_count,
        cast(coalesce(sum(net_amount) filter (where what = 'last_{{ model }}'), 0) as decimal(18, 2))
            as {{ model }}_net_amount,
    {%- endfor %}
    (select min(currency) from {{ ref('order_amounts') }}) as currency
from happened
group by campaign_id, channel_name, event_on
