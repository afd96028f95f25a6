with

-- The day of a refresh is not known when it begins: of what it is the first to see it is today's.
mappings as (
    select
        mapping.segment_name,
        mapping.destination_name,
        mapping.created_at,
        coalesce(mapping.start_on, refresh_period.as_of_on) as start_on,
        case
            when mapping.ended_at is null then cast('9999-12-31' as date)
            else cast(
                {{ dbt.dateadd('day', -1, 'coalesce(mapping.end_on, refresh_period.as_of_on)') }} as date
            )
        end as end_on
    from {{ source('ingest', 'sync_mappings') }} as mapping
    cross join {{ ref('refresh_period') }} as refresh_period
)

-- Several syncs may send one segment to one place. What ended on the day on which it began was nothing.
select
    dim_segment.segment_id,
    {{ id_of('mappings.destination_name') }} as destination_id,
    min(mappings.created_at) as created_at,
    mappings.start_on,
    max(mappings.end_on) as end_on
from mappings
inner join {{ ref('dim_segment') }} as dim_segment
    on mappings.segment_name = dim_segment.segment_name
where mappings.end_on >= mappings.start_on
group by dim_segment.segment_id, mappings.destination_name, mappings.start_on
