-- Who was sent what and did what, compared with the tables it was counted in. What counts people up by
-- itself (`told_in_groups`) is exact unless it has too few to tell of: a campaign, a decile, all days. Of a
-- day among others it is as near as whole groups of people can be.
{% set counts = var('message_counts') %}
{% set campaign_counts = {
    'sent_count': 'is_sent', 'delivered_count': 'is_delivered', 'bounced_count': 'is_bounced',
    'unique_open_count': 'is_opened', 'unique_click_count': 'is_clicked', 'unsubscribed_count': 'is_unsubscribed',
} %}
{# So many people are told of at all, by fact. #}
{% set fewest = {} %}
{% for fact in ['fact_campaign', 'fact_message_response', 'fact_message_response_by_day'] %}
    {% do fewest.update({fact: 2 * minimum_cell_size(fact) | int - 1}) %}
{% endfor %}
with

responses as (
    select
        responses.*,
        recipients.decile
    from {{ ref('message_responses') }} as responses
    inner join {{ ref('message_recipients') }} as recipients
        on
            recipients.profile_id = responses.profile_id
            and recipients.campaign_id = responses.campaign_id
            and recipients.channel is not distinct from responses.channel
            and recipients.sent_on = responses.sent_on
),

deciles as (
    select
        decile,
        {%- for name in counts %}
            count({{ counts[name] }}) as {{ name }},
        {%- endfor %}
        sum(clicked_net_amount) as clicked_net_amount,
        sum(received_net_amount) as received_net_amount
    from responses
    group by decile
),

campaigns as (
    select
        campaign_id,
        {%- for name, did in campaign_counts.items() %}
            count_if({{ did }}) as {{ name }},
        {%- endfor %}
        count(*) as person_count
    from {{ ref('campaign_responses') }}
    group by campaign_id
),

happened as (
    {%- for name in counts %}
        select
            {{ counts[name] }} as event_on,
            '{{ name }}' as what
        from responses
        where {{ counts[name] }} is not null
        {{ 'union all' if not loop.last }}
    {%- endfor %}
),

days_told as (
    unpivot (
        select
            event_on,
            {{ counts | join(', ') }}
        from {{ ref('fact_message_response_by_day') }}
    )
    on {{ counts | join(', ') }}
    into name what value people
),

days as (
    select
        what || ' on ' || cast(event_on as string) as total,
        sum(people) as published,
        sum(expected) as expected
    from (
        select
            what,
            event_on,
            people,
            0 as expected
        from days_told
        union all
        select
            what,
            event_on,
            0 as people,
            1 as expected
        from happened
    ) as both_sides
    group by what, event_on
    having abs(sum(people) - sum(expected)) >= {{ 1.5 * (fewest.fact_message_response_by_day - 1) + 1 }}
),

totals as (
    select * from days
    {%- for name in counts %}
        union all
        select
            '{{ name }} on all days' as total,
            (select coalesce(sum({{ name }}), 0) from {{ ref('fact_message_response_by_day') }}) as published,
            count(*) * cast(count(*) >= {{ fewest.fact_message_response_by_day }} as int) as expected
        from happened
        where what = '{{ name }}'
        union all
        select
            '{{ name }} of decile ' || cast(deciles.decile as string) as total,
            coalesce(sum(fact.{{ name }}), 0) as published,
            max(deciles.{{ name }})
            * cast(max(deciles.{{ name }}) >= {{ fewest.fact_message_response }} as int) as expected
        from deciles
        left join {{ ref('fact_message_response') }} as fact
            on fact.decile = deciles.decile
        group by deciles.decile
    {%- endfor %}
    {%- for name in campaign_counts %}
        union all
        select
            '{{ name }} of campaign ' || campaigns.campaign_id as total,
            coalesce(sum(fact.{{ name }}), 0) as published,
            max(campaigns.{{ name }})
            * cast(max(campaigns.{{ name }}) >= {{ fewest.fact_campaign }} as int) as expected
        from campaigns
        left join {{ ref('fact_campaign') }} as fact
            on fact.campaign_id = campaigns.campaign_id
        group by campaigns.campaign_id
    {%- endfor %}
    {%- for model in ['clicked', 'received'] %}
        union all
        select
            'revenue of messages {{ model }}, decile ' || cast(deciles.decile as string) as total,
            coalesce(sum(fact.{{ model }}_net_amount), 0) as published,
            max(deciles.{{ model }}_net_amount) * cast(
                max(deciles.{{ model }}_conversion_count) >= {{ fewest.fact_message_response }} as int
            ) as expected
        from deciles
        left join {{ ref('fact_message_response') }} as fact
            on fact.decile = deciles.decile
        group by deciles.decile
        union all
        select
            'revenue of messages {{ model }}, all days' as total,
            (
                select coalesce(sum({{ model }}_net_amount), 0)
                from {{ ref('fact_message_response_by_day') }}
            ) as published,
            coalesce(sum(conversions.net_amount), 0) * cast(
                (select count({{ counts[model ~ '_conversion_count'] }}) from responses)
                >= {{ fewest.fact_message_response_by_day }} as int
            ) as expected
        from {{ ref('message_conversions') }} as conversions
        where conversions.attribution_model = 'last_{{ model }}'
    {%- endfor %}
)

select
    total,
    published,
    expected
from totals
where published is distinct from expected
