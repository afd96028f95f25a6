-- title: Rows sent by day
-- question: How many rows did syncs send, how many were rejected, how many people did consent hold back?
-- grain: One row per day on which a sync ran.
-- note: >-
--   A day is that of the runs, UTC. suppressed_count is of each sync's last run of the day. Numbers of
--   fewer people than may be told of are left out of the sums.
-- chart: columns of accepted_count, rejected_count and suppressed_count by run_on.
-- parameters:
--   destination: {type: text, options: destinations, about: The destination; every destination when unset.}
--   days: {type: integer, default: 90, about: How many days back from the latest run.}
with

runs as (
    select
        fact_sync_run.*,
        cast(fact_sync_run.started_at as date) as run_on,
        row_number() over (
            partition by
                fact_sync_run.sync_name,
                fact_sync_run.destination_id,
                cast(fact_sync_run.started_at as date)
            order by fact_sync_run.started_at desc, fact_sync_run.run_id desc
        ) = 1 as is_last_of_day
    from insights.fact_sync_run
    inner join insights.dim_destination
        on fact_sync_run.destination_id = dim_destination.destination_id
    where
        dim_destination.destination_name
        = coalesce(getvariable('destination'), dim_destination.destination_name)
),

latest as (
    select max(run_on) as run_on
    from runs
)

select
    runs.run_on,
    count(*) as run_count,
    coalesce(sum(runs.accepted_count), 0) as accepted_count,
    coalesce(sum(runs.rejected_count), 0) as rejected_count,
    coalesce(sum(case when runs.is_last_of_day then runs.suppressed_count end), 0) as suppressed_count
from runs
inner join latest
    on date_diff('day', runs.run_on, latest.run_on) <= coalesce(getvariable('days'), 90)
group by runs.run_on
order by runs.run_on asc
