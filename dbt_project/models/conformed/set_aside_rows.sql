{#- A line that could not be read has no number as a row, and all of them are read every time. -#}
{{
    config(
        materialized='incremental',
        unique_key=['source_file', 'source_row'], schema='quarantine',
        meta={
            'not_compared': [], 'always_reached': 'source_row is null',
            'reaches_through': ['refresh_period']
        }
    )
}}

{% set row = ['source_file', 'source_row'] %}

{#- How a row of each entity is found again in its source; of an entity that is not named here, by its
    place in the file. -#}
{% set by_place = "source_file || ':' || cast(source_row as string)" %}
{% set row_keys = {
    'customer_records': 'source_record_id', 'events': 'event_id', 'orders': 'order_id',
    'identity_observations': "source_record_id || ':' || namespace",
    'order_lines': "order_id || ':' || cast(line_number as string)",
    'products': 'product_id', 'campaigns': 'campaign_id', 'message_events': 'message_event_id',
    'consents': 'consent_id', 'loyalty_tiers': 'loyalty_tier',
    'support_contacts': 'support_contact_id', 'interactions': 'interaction_id'
} %}

{#- What waits for the clock by its own instant, and by nothing else. -#}
{% set waits = {
    'orders': 'ordered_at', 'message_events': 'occurred_at', 'support_contacts': 'opened_at',
    'interactions': 'occurred_at'
} %}

{#- An order may be the payment of another system's. -#}
{% set paid_orders = 'select source_system, order_id from staged_orders where is_paid_elsewhere' %}
{% set paid = {'orders': '(source_system, order_id) in (' ~ paid_orders ~ ')'} %}

with

-- Rows that staging judges otherwise, that have come into a table or left it, or whose reason may be
-- another one. Several staging models may read one file: a row is judged again by all of them.
{% call reached() %}
    {%- for entity in var('entity_sources') %}
        {%- for staging_model in var('entity_sources')[entity] | default([]) %}
            select source_file, source_row from {{ changed(staging_model) }}
            union all
            -- Where rows that conformed sets aside stand and stood, if they have moved; what staging
            -- refuses is in its delta.
            select
                moved.source_file,
                unnest([moved.row_before, moved.source_row]) as source_row
            from {{ moved(staging_model) }} as moved
            semi join {{ this }} as set_aside
                on moved.source_file = set_aside.source_file and moved.row_before = set_aside.source_row
            union all
        {%- endfor %}
    {%- endfor %}
    {%- for entity in waits %}
        {{ staged_rows_of(entity, [row_keys[entity]], [ref(entity)]) }}
        union all
    {%- endfor %}
    {%- set of_lines = [ref('order_lines'), ref('orders')] %}
    {%- for staging_model in var('entity_sources')['orders'] %}
        {%- do of_lines.append(ref(staging_model)) %}
    {%- endfor %}
    {{ staged_rows_of('order_lines', ['order_id'], of_lines) }}
    union all
    {{ staged_rows_of('events', ['event_id'], [ref('events'), ref('crawler_events')]) }}
{% endcall %}

staged_orders as (
    select *, (source_system, order_id) in ({{ paid_elsewhere() }}) as is_paid_elsewhere
    from ({{ union_staged('orders', ['source_system', 'order_id', 'ordered_at']) }}) as orders
),

-- What staging accepts and the tables of conformed do without, under the same conditions.
left_out as (
    {%- for staging_model in var('entity_sources')['order_lines'] %}
        select
            lines.source_system,
            '{{ staging_model }}' as staging_model, 'order_lines' as entity,
            {{ row_keys['order_lines'] | replace('order_id', 'lines.order_id') }} as source_row_key,
            lines.source_file,
            lines.source_row,
            case
                when staged_orders.order_id is null then 'unknown_order'
                when staged_orders.is_paid_elsewhere then 'paid_elsewhere' else 'after_clock'
            end as reason
        from {{ part(ref(staging_model), row) }} as lines
        left join staged_orders
            on
                lines.source_system = staged_orders.source_system
                and lines.order_id = staged_orders.order_id
        where
            lines.reject_reason is null
            and (
                staged_orders.order_id is null
                or staged_orders.is_paid_elsewhere
                or {{ is_after_clock('staged_orders.ordered_at') }}
                or {{ is_after_clock('lines.booked_at') }}
            )
        union all
    {%- endfor %}
    {%- for staging_model in var('entity_sources')['events'] %}
        select
            events.source_system,
            '{{ staging_model }}' as staging_model, 'events' as entity,
            events.event_id as source_row_key,
            events.source_file,
            events.source_row,
            coalesce(crawler_events.reason, 'after_clock') as reason
        from {{ part(ref(staging_model), row) }} as events
        left join {{ ref('crawler_events') }} as crawler_events
            on
                events.source_system = crawler_events.source_system
                and events.event_id = crawler_events.event_id
        where
            events.reject_reason is null
            and (crawler_events.event_id is not null or {{ is_after_clock('events.occurred_at') }})
        {% if not loop.last %}union all{% endif %}
    {%- endfor %}
    {%- for entity, instant in waits.items() %}
        {%- set is_paid = paid[entity] | default('false') %}
        {%- for staging_model in var('entity_sources')[entity] | default([]) %}
            union all
            select
                source_system,
                '{{ staging_model }}' as staging_model,
                '{{ entity }}' as entity,
                {{ row_keys[entity] }} as source_row_key,
                source_file,
                source_row,
                case when {{ is_paid }} then 'paid_elsewhere' else 'after_clock' end as reason
            from {{ part(ref(staging_model), row) }}
            where reject_reason is null and ({{ is_after_clock(instant) }} or {{ is_paid }})
        {%- endfor %}
    {%- endfor %}
),

set_aside as (
    select
        source_system,
        staging_model,
        entity,
        source_row_key,
        source_file,
        source_row,
        reason,
        'conformed' as layer
    from left_out
    {%- for entity in var('entity_sources') %}
        {%- for staging_model in var('entity_sources')[entity] | default([]) %}
            {%- set read = source_table_of(staging_model) %}
            union all
            select
                source_system,
                '{{ staging_model }}' as staging_model,
                '{{ entity }}' as entity,
                {{ row_keys[entity] | default(by_place) }} as source_row_key,
                source_file,
                source_row,
                reject_reason as reason,
                'staging' as layer
            from {{ part(ref(staging_model), row) }}
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
