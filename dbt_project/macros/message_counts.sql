{#-
    The columns that all facts of messages have, each with what counts for it, over rows of
    `message_responses`: a row counts on the day that the value names, and not at all where it is null.
    Only sums of these make a rate.
-#}
{% macro message_counts() -%}
    {{ return({
        'sent_count': 'case when is_sent then sent_on end',
        'blocked_count': 'blocked_on',
        'delivered_count': 'delivered_on',
        'bounced_count': 'bounced_on',
        'hard_bounced_count': "case when bounce_kind = 'hard' then bounced_on end",
        'soft_bounced_count': "case when bounce_kind = 'soft' then bounced_on end",
        'unique_open_count': 'opened_on',
        'machine_open_count': 'machine_opened_on',
        'unique_click_count': 'clicked_on',
        'machine_click_count': 'machine_clicked_on',
        'unsubscribed_count': 'unsubscribed_on',
        'complained_count': 'complained_on',
        'clicked_conversion_count': 'clicked_converted_on',
        'received_conversion_count': 'received_converted_on',
    }) }}
{%- endmacro %}

{#- The same (`counts`) as columns of a grouped select, with the orders and their revenue. -#}
{% macro message_sums(counts) -%}
    {%- for name, day in counts.items() -%}
        cast(count({{ day }}) as bigint) as {{ name }},
    {% endfor -%}
    {%- for model in ['clicked', 'received'] -%}
        cast(sum({{ model }}_order_count) as bigint) as {{ model }}_order_count,
        cast(sum({{ model }}_net_amount) as decimal(18, 2)) as {{ model }}_net_amount,
    {% endfor -%}
    (select min(currency) from {{ ref('order_amounts') }}) as currency
{%- endmacro %}

{#-
    Recipients with the segments that they were in on the day of sending, as a query: a row of
    `message_recipients` per segment, those of a day before the first record in `unknown`.
-#}
{% macro segments_when_sent() -%}
    select
        recipients.profile_id,
        recipients.campaign_id,
        recipients.channel,
        recipients.sent_on,
        'unknown' as segment_name
    from {{ ref('message_recipients') }} as recipients
    where recipients.recorded_on is null
    union all
    select
        recipients.profile_id,
        recipients.campaign_id,
        recipients.channel,
        recipients.sent_on,
        stays.segment_name
    from {{ ref('message_recipients') }} as recipients
    inner join {{ ref('segment_membership_history') }} as stays
        on
            stays.profile_id = recipients.profile_id_then
            and stays.valid_from <= recipients.recorded_on
            and (stays.valid_to is null or stays.valid_to > recipients.recorded_on)
    inner join {{ ref('definitions') }} as definitions
        on
            definitions.segment_name = stays.segment_name
            and definitions.state <> 'draft'
{%- endmacro %}
