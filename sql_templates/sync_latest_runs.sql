-- title: Latest runs of syncs
-- question: What became of each segment that was sent, the last time that it was?
-- grain: One row per sync and destination, the latest run first.
-- note: >-
--   Up to the refresh. Empty numbers are of fewer people than may be told of. accepted_count is what
--   was sent in that run and acknowledged; who stood there before is in standing_count.
-- chart: a table.
-- parameters:
--   destination: {type: text, options: destinations, about: The destination; every destination when unset.}
with

latest as (
    select *
    from insights.fact_sync_run
    qualify row_number() over (
        partition by sync_name, destination_id
        order by started_at desc, run_id desc
    ) = 1
)

select
    dim_segment.segment_name,
    dim_segment.title as segment_title,
    dim_destination.title as destination_title,
    latest.started_at,
    replace(latest.outcome, '_', ' ') as outcome,
    latest.row_count,
    latest.unchanged_count as standing_count,
    latest.accepted_count,
    latest.rejected_count,
    latest.suppressed_count,
    latest.activation_hours,
    latest.z_score
from latest
inner join insights.dim_segment on latest.segment_id = dim_segment.segment_id
inner join insights.dim_destination on latest.destination_id = dim_destination.destination_id
where
    dim_destination.destination_name
    = coalesce(getvariable('destination'), dim_destination.destination_name)
order by latest.started_at desc, segment_title asc, destination_title asc
