{% set counts = var('message_counts') | list + ['clicked_order_count', 'received_order_count'] %}
{% set told_apart = {
    'clicked': ['clicked_conversion_count is null'],
    'received': ['received_conversion_count is null'],
} %}
{% set order = ['event_on', 'campaign_id', 'channel'] %}
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
        sum(abs(message_conversions.net_amount)) over (
            partition by
                message_conversions.profile_id, message_conversions.campaign_id,
                message_conversions.attribution_model
        ) as person_amount,
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
            cast(0 as decimal(18, 2)) as net_amount,
            cast(0 as decimal(18, 2)) as person_amount
        from responses
        where {{ var('message_counts')[name] }} is not null
        union all
    {%- endfor %}
    select
        campaign_id,
        channel_name,
        cast(ordered_at as date) as event_on,
        attribution_model as what,
        net_amount,
        person_amount
    from orders
),

counted as (
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
        max(person_amount) filter (where what = 'last_clicked') as clicked_largest,
        cast(count(*) filter (where what = 'last_received') as bigint) as received_order_count,
        cast(coalesce(sum(net_amount) filter (where what = 'last_received'), 0) as decimal(18, 2))
            as received_net_amount,
        max(person_amount) filter (where what = 'last_received') as received_largest,
        min(reporting.currency) as currency
    from happened
    cross join reporting
    group by campaign_id, channel_name, event_on
),

told as (
    select
        campaign_id,
        channel,
        event_on,
        {%- for name in counts %}
            {{ told_in_groups(name, order) }} as {{ name }},
        {%- endfor %}
        clicked_net_amount,
        clicked_largest,
        received_net_amount,
        received_largest,
        currency
    from counted
),

grouped as (
    {{ amounts_of_groups('told', ['clicked', 'received'], order) }}
),

steps as (
    select
        *,
        {{ rounding_step('clicked_largest', told_apart.clicked) }} as clicked_step,
        {{ rounding_step('received_largest', told_apart.received) }} as received_step
    from grouped
),

rounded as (
    select
        *,
        {{ controlled_rounding(
            'clicked_net_amount', 'clicked_step', told_apart.clicked, order | join(', ')
        ) }} as clicked_amount,
        {{ controlled_rounding(
            'received_net_amount', 'received_step', told_apart.received, order | join(', ')
        ) }} as received_amount
    from steps
)

-- A row that tells nothing would tell that somebody is in it.
select
    campaign_id,
    channel,
    event_on,
    {%- for name in counts %}
        {{ name }},
    {%- endfor %}
    case when clicked_conversion_count is not null then clicked_amount end as clicked_net_amount,
    case when received_conversion_count is not null then received_amount end as received_net_amount,
    currency
from rounded
where {{ minimum_cell_size() }} = 1 or greatest({{ counts | join(', ') }}) > 0
