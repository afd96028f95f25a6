-- A BI tool joins facts to dimensions and silently drops what finds no partner. One query instead
-- of a test per key: twenty keys would cost more to start than to check.
{% set keys = [
    ('fact_profile', 'date_key', 'dim_date', 'date_key'),
    ('fact_profile_by_namespace', 'date_key', 'dim_date', 'date_key'),
    ('fact_profile_by_namespace', 'namespace', 'dim_namespace', 'namespace'),
    ('fact_segment', 'date_key', 'dim_date', 'date_key'),
    ('fact_segment', 'segment_name', 'dim_segment', 'segment_name'),
    ('fact_segment_size', 'date_key', 'dim_date', 'date_key'),
    ('fact_segment_size', 'segment_name', 'dim_segment', 'segment_name'),
    ('fact_segment_overlap', 'date_key', 'dim_date', 'date_key'),
    ('fact_segment_overlap', 'segment_name_a', 'dim_segment', 'segment_name'),
    ('fact_segment_overlap', 'segment_name_b', 'dim_segment', 'segment_name'),
    ('fact_clv_decile', 'date_key', 'dim_date', 'date_key'),
    ('fact_clv_decile', 'category', 'dim_loyalty_tier', 'loyalty_tier'),
    ('fact_clv_decile', 'look_back', 'dim_look_back', 'look_back'),
    ('fact_clv_decile', 'decile', 'dim_decile', 'decile'),
    ('fact_revenue', 'month_start_on', 'dim_date', 'date_key'),
    ('fact_rfm', 'date_key', 'dim_date', 'date_key'),
    ('fact_lifetime_value', 'date_key', 'dim_date', 'date_key'),
    ('fact_lifetime_value', 'decile', 'dim_decile', 'decile'),
    ('fact_campaign', 'campaign_id', 'dim_campaign', 'campaign_id'),
    ('fact_campaign', 'decile', 'dim_decile', 'decile'),
    ('fact_campaign_by_segment', 'campaign_id', 'dim_campaign', 'campaign_id'),
    ('fact_campaign_by_segment', 'segment_name', 'dim_segment', 'segment_name'),
    ('fact_message_response', 'campaign_id', 'dim_campaign', 'campaign_id'),
    ('fact_message_response', 'sent_on', 'dim_date', 'date_key'),
    ('fact_message_response', 'decile', 'dim_decile', 'decile'),
    ('fact_message_response_by_segment', 'campaign_id', 'dim_campaign', 'campaign_id'),
    ('fact_message_response_by_segment', 'sent_on', 'dim_date', 'date_key'),
    ('fact_message_response_by_segment', 'segment_name', 'dim_segment', 'segment_name'),
    ('fact_message_response_by_day', 'campaign_id', 'dim_campaign', 'campaign_id'),
    ('fact_message_response_by_day', 'event_on', 'dim_date', 'date_key'),
    ('fact_message_response_by_link', 'campaign_id', 'dim_campaign', 'campaign_id'),
    ('fact_consent', 'date_key', 'dim_date', 'date_key'),
    ('fact_attribute_completeness', 'date_key', 'dim_date', 'date_key'),
    ('fact_profile_completeness', 'date_key', 'dim_date', 'date_key'),
    ('fact_measure', 'date_key', 'dim_date', 'date_key'),
    ('fact_measure', 'measure', 'dim_measure', 'measure'),
    ('fact_measure', 'decile', 'dim_decile', 'decile'),
] %}
{% for fact, fact_key, dimension, dimension_key in keys %}
    select
        '{{ fact }}.{{ fact_key }}' as fact_key,
        cast(fact.{{ fact_key }} as string) as missing_value,
        count(*) as row_count
    from {{ ref(fact) }} as fact
    left join {{ ref(dimension) }} as dimension
        on fact.{{ fact_key }} = dimension.{{ dimension_key }}
    where
        dimension.{{ dimension_key }} is null
        -- Of days before segments were recorded nobody knows them.
        {% if fact_key == 'segment_name' %}and fact.segment_name <> 'unknown'{% endif %}
        {% if dimension == 'dim_loyalty_tier' %}and fact.category_type = 'loyalty_tier'{% endif %}
    group by fact.{{ fact_key }}
    {% if not loop.last %}union all{% endif %}
{% endfor %}
