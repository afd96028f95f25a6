{% set counts = var('message_counts') | list + ['clicked_order_count', 'received_order_count'] %}
{% set told_apart = {
    'clicked': ['decile', 'clicked_conversion_count is null'],
    'received': ['decile', 'received_conversion_count is null'],
} %}
{% set order = ['sent_on', 'campaign_id', 'channel'] %}
with

-- There is one reporting currency; a test of profile holds that.
reporting as (
    select min(currency) as currency
    from {{ ref('order_amounts') }}
),

responses as (
    select
        message_responses.*,
        reporting.currency,
        message_recipients.decile,
        message_recipients.decile_basis,
        coalesce(message_responses.channel, campaigns.channel, 'unknown') as channel_name
    from {{ ref('message_responses') }} as message_responses
    cross join reporting
    inner join {{ ref('message_recipients') }} as message_recipients
        on
            message_recipients.profile_id = message_responses.profile_id
            and message_recipients.campaign_id = message_responses.campaign_id
            and message_recipients.channel is not distinct from message_responses.channel
            and message_recipients.sent_on = message_responses.sent_on
    left join {{ ref('dim_campaign') }} as campaigns
        on campaigns.campaign_id = message_responses.campaign_id
),

counted as (
    select
        campaign_id,
        channel_name as channel,
        sent_on,
        decile,
        min(decile_basis) as decile_basis,
        {%- for name in var('message_counts') %}
            cast(count({{ var('message_counts')[name] }}) as bigint) as {{ name }},
        {%- endfor %}
        cast(sum(clicked_order_count) as bigint) as clicked_order_count,
        cast(sum(clicked_net_amount) as decimal(18, 2)) as clicked_net_amount,
        max(abs(clicked_net_amount)) as clicked_largest,
        cast(sum(received_order_count) as bigint) as received_order_count,
        cast(sum(received_net_amount) as decimal(18, 2)) as received_net_amount,
        max(abs(received_net_amount)) as received_largest,
        min(currency) as currency
    from responses
    group by campaign_id, channel_name, sent_on, decile
),

-- Within a decile, so that deciles are exact over all campaigns.
told as (
    select
        campaign_id,
        channel,
        sent_on,
        decile,
        decile_basis,
        {%- for name in counts %}
            {{ told_in_groups(name, order, ['decile']) }} as {{ name }},
        {%- endfor %}
        clicked_net_amount,
        clicked_largest,
        received_net_amount,
        received_largest,
        currency
    from counted
),

grouped as (
    {{ amounts_of_groups('told', ['clicked', 'received'], order, ['decile']) }}
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
    sent_on,
    decile,
    decile_basis,
    {%- for name in counts %}
        {{ name }},
    {%- endfor %}
    case when clicked_conversion_count is not null then clicked_amount end as clicked_net_amount,
    case when received_conversion_count is not null then received_amount end as received_net_amount,
    currency
from rounded
where {{ minimum_cell_size() }} = 1 or greatest({{ counts | join(', ') }}) > 0
