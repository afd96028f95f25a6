with

-- Each refresh day with its last refresh.
refreshes as (
    select
        as_of_on,
        max(computed_at) as computed_at
    from {{ ref('segment_sizes') }}
    group by as_of_on
),

-- The day of a mapping is that of the first refresh that saw it, or saw it no more.
dated as (
    select
        mapping.segment_name,
        mapping.destination_name,
        mapping.created_at,
        mapping.ended_at,
        coalesce(
            min(case when refreshes.computed_at >= mapping.created_at then refreshes.as_of_on end),
            max(refresh_period.as_of_on)
        ) as start_on,
        coalesce(
            min(case when refreshes.computed_at >= mapping.ended_at then refreshes.as_of_on end),
            max(refresh_period.as_of_on)
        ) as missed_on
    from {{ source('ingest', 'sync_mappings') }} as mapping
    cross join {{ ref('refresh_period') }} as refresh_period
    left join refreshes
        on refreshes.computed_at >= mapping.created_at
    group by
        mapping.sync_name,
        mapping.segment_name,
        mapping.destination_name,
        mapping.created_at,
        mapping.ended_at
),

mappings as (
    select
        segment_name,
        destination_name,
        created_at,
        start_on,
        case
            when ended_at is null then cast('9999-12-31' as date)
            else cast({{ dbt.dateadd('day', -1, 'missed_on') }} as date)
        end as end_on
    from dated
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
