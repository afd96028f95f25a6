with

-- There is one reporting currency; a test of profile holds that.
reporting as (
    select min(currency) as currency
    from {{ ref('order_amounts') }}
),

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
    {%- for name in var('message_counts') %}
        select
            campaign_id,
            channel_name,
            {{ var('message_counts')[name] }} as event_on,
            '{{ name }}' as what,
            cast(0 as decimal(18, 2)) as net_amount
        from responses
        where {{ var('message_counts')[name] }} is not null
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
    {%- for name in var('message_counts') %}
        cast(count(*) filter (where what = '{{ name }}') as bigint) as {{ name }},
    {%- endfor %}
    cast(count(*) filter (where what = 'last_clicked') as bigint) as clicked_order_count,
    cast(coalesce(sum(net_amount) filter (where what = 'last_clicked'), 0) as decimal(18, 2))
        as clicked_net_amount,
    cast(count(*) filter (where what = 'last_received') as bigint) as received_order_count,
    cast(coalesce(sum(net_amount) filter (where what = 'last_received'), 0) as decimal(18, 2))
        as received_net_amount,
    min(reporting.currency) as currency
from happened
cross join reporting
group by campaign_id, channel_name, event_on
