{{ config(schema='quarantine') }}

{#- How a row of each entity is found again in its source. -#}
{% set row_keys = {
    'customer_records': "source_record_id",
    'identity_observations': "source_record_id || ':' || namespace",
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

orders as (
    select
        source_system,
        order_id
    from {{ ref('orders') }}
),

lines_without_order as (
    {% for staging_model in var('entity_sources')['order_lines'] %}
        select
            lines.source_system,
            '{{ staging_model }}' as staging_model,
            {{ row_keys['order_lines'] }} as source_row_key,
            lines.source_file,
            lines.source_row
        from {{ ref(staging_model) }} as lines
        where
            lines.reject_reason is null
            and not exists (
                select 1
                from orders
                where
                    orders.source_system = lines.source_system
                    and orders.order_id = lines.order_id
            )
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

set_aside as (
    select
        source_system,
        staging_model,
        'order_lines' as entity,
        source_row_key,
        source_file,
        source_row,
        'unknown_order' as reason,
        'conformed' as layer
    from lines_without_order
    {%- for entity in row_keys %}
        {%- for staging_model in var('entity_sources')[entity] | default([]) %}
            {%- set read = source_table_of(staging_model) %}
            union all
            select
                source_system,
                '{{ staging_model }}' as staging_model,
                '{{ entity }}' as entity,
                {{ row_keys[entity] }} as source_row_key,
                source_file,
                source_row,
                reject_reason as reason,
                'staging' as layer
            from {{ ref(staging_model) }}
            where reject_reason is not null
            union all
            select
                source_system,
                '{{ staging_model }}' as staging_model,
                '{{ entity }}' as entity,
                'line ' || cast(line_number as string) as source_row_key,
                source_file,
                cast(null as bigint) as source_row,
                reason,
                'ingest' as layer
            from {{ source('ingest', 'rejected_lines') }}
            where
                source_system = '{{ read.source_system }}'
                and source_table = '{{ read.source_table }}'
            -- Several faults of one line are one row that was not read.
            qualify
                line_number is null
                or row_number() over (
                    partition by source_file, line_number
                    order by column_name nulls last, reason
                ) = 1
        {%- endfor %}
    {%- endfor %}
)

select
    source_system,
    staging_model,
    entity,
    source_row_key,
    source_file,
    source_row,
    reason,
    layer
from set_aside
