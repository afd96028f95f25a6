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

rejected_in_staging as (
    {% for entity, staging_models in var('entity_sources').items() %}
    {% set outer_loop = loop %}
    {% for staging_model in staging_models %}
    select
        source_system,
        '{{ entity }}' as entity,
        {{ row_keys[entity] }} as source_row_key,
        source_file,
        reject_reason as reason,
        'staging' as layer
    from {{ ref(staging_model) }}
    where reject_reason is not null
    {% if not (loop.last and outer_loop.last) %}union all{% endif %}
    {% endfor %}
    {% endfor %}
),

accepted_lines as (
    {{ union_staged('order_lines', ['source_system', 'order_id', 'line_number', 'source_file']) }}
),

orders as (
    select
        source_system,
        order_id
    from {{ ref('orders') }}
),

lines_without_order as (
    select
        source_system,
        'order_lines' as entity,
        {{ row_keys['order_lines'] }} as source_row_key,
        source_file,
        'unknown_order' as reason,
        'conformed' as layer
    from accepted_lines
    anti join orders using (source_system, order_id)
),

unreadable_lines as (
    select
        source_system,
        {{ entity_of_source_table('source_system', 'source_table') }} as entity,
        'line ' || cast(line_number as string) as source_row_key,
        source_file,
        'unreadable_line' as reason,
        'ingest' as layer
    from {{ source('ingest', 'rejected_lines') }}
),

set_aside as (
    select * from rejected_in_staging
    union all
    select * from lines_without_order
    union all
    select * from unreadable_lines
)

select
    source_system,
    entity,
    source_row_key,
    source_file,
    reason,
    layer
from set_aside
