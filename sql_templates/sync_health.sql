-- title: Health of syncs
-- question: Which syncs saw an unusually large or small segment in their last run?
-- grain: >-
--   One row per sync and destination whose last run is a standard deviation or more off, the farthest
--   first.
-- note: >-
--   z_score is (members - mean) by the population's standard deviation of up to 30 earlier completed
--   runs, three at least.
-- chart: a table, or bars of z_score by segment_title.
-- parameters:
--   rows: {type: integer, default: 20, about: Most rows.}
with

latest as (
    select *
    from insights.fact_sync_run
    qualify row_number() over (
        partition by sync_name, destination_id
        order by started_at desc, run_id desc
    ) = 1
),

ranked as (
    select
        dim_segment.title as segment_title,
        dim_destination.title as destination_title,
        latest.row_count,
        latest.z_score,
        row_number() over (
            order by abs(latest.z_score) desc, dim_segment.title asc, dim_destination.title asc
        ) as place
    from latest
    inner join insights.dim_segment on latest.segment_id = dim_segment.segment_id
    inner join insights.dim_destination on latest.destination_id = dim_destination.destination_id
    where abs(latest.z_score) >= 1
)

select
    segment_title,
    destination_title,
    row_count,
    z_score
from ranked
where place <= coalesce(getvariable('rows'), 20)
order by place asc
