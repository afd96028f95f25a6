with

ingested as (
    select
        source_system,
        {{ entity_of_source_table('source_system', 'source_table') }} as entity,
        rows_loaded + rows_rejected as rows_read
    from {{ source('ingest', 'ingest_log') }}
),

accepted as (
    {% for entity in var('entity_sources') %}
        select
            source_system,
            '{{ entity }}' as entity,
            count(*) as rows_accepted
        from {{ ref(entity) }}
        group by source_system
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

set_aside as (
    select
        source_system,
        entity,
        count(*) as rows_set_aside
    from {{ ref('set_aside_rows') }}
    group by source_system, entity
),

counts as (
    select
        source_system,
        entity,
        rows_read,
        0 as rows_accepted,
        0 as rows_set_aside
    from ingested
    union all
    select
        source_system,
        entity,
        0 as rows_read,
        rows_accepted,
        0 as rows_set_aside
    from accepted
    union all
    select
        source_system,
        entity,
        0 as rows_read,
        0 as rows_accepted,
        rows_set_aside
    from set_aside
)

select
    source_system,
    entity,
    cast(sum(rows_read) as bigint) as rows_read,
    cast(sum(rows_accepted) as bigint) as rows_accepted,
    cast(sum(rows_set_aside) as bigint) as rows_set_aside,
    cast(sum(rows_read) - sum(rows_accepted) - sum(rows_set_aside) as bigint) as difference
from counts
group by source_system, entity
