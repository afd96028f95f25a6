{{ config(schema='quarantine') }}

{#- How a row of each entity is found again in its source. -#}
{% set row_keys = {
    'customer_records': "source_record_id",
    'events': "event_id",
    'orders': "order_id",
    'order_lines': "order_id || ':' || cast(line_number as string)",
    'products': "product_id",
    'campaigns': "campaign_id",
    'message_events': "message_event_id",
    'consents': "consent_id",
    'loyalty_tiers': "loyalty_tier"
} %}

with

accepted_lines as (
    {{ union_staged('order_lines', ['source_system', 'order_id', 'line_number', 'source_file']) }}
),

orders as (
    select
        source_system,
        order_id
    from {{ ref('orders') }}
),

unreadable_lines as (
    select
        source_system,
        {{ entity_of_source_table('source_system', 'source_table') }} as entity,
        'line ' || cast(line_number as string) as source_row_key,
        source_file
    from {{ source('ingest', 'rejected_lines') }}
),

lines_without_order as (
    select
        source_system,
        {{ row_keys['order_lines'] }} as source_row_key,
        source_file
    from accepted_lines
    where not exists (
        select 1
        from orders
        where
            orders.source_system = accepted_lines.source_system
            and orders.order_id = accepted_lines.order_id
    )
),

set_aside as (
    select
        source_system,
        entity,
        source_row_key,
        source_file,
        'unreadable_line' as reason,
        'ingest' as layer
    from unreadable_lines
    union all
    select
        source_system,
        'order_lines' as entity,
        source_row_key,
        source_file,
        'unknown_order' as reason,
        'conformed' as layer
    from lines_without_order
    {%- for entity in row_keys %}
        {%- for staging_model in var('entity_sources')[entity] %}
            union all
            select
                source_system,
                '{{ entity }}' as entity,
                {{ row_keys[entity] }} as source_row_key,
                source_file,
                reject_reason as reason,
                'staging' as layer
            from {{ ref(staging_model) }}
            where reject_reason is not null
        {%- endfor %}
    {%- endfor %}
)

select
    source_system,
    entity,
    source_row_key,
    source_file,
    reason,
    layer
from set_aside
