with

days as (
    {{ published_days(source('ingest', 'sync_runs'), 'as_of_on') }}
),

runs as (
    select
        *,
        {{ id_of('destination_name') }} as destination_id
    from {{ source('ingest', 'sync_runs') }}
    where as_of_on in (select date_key from days)
),

-- Only runs that saw the segment whole and did what they could say what is usual.
usual_sizes as (
    select
        run_id,
        count(*) over earlier_runs as run_count,
        avg(cast(row_count as double)) over earlier_runs as mean_count,
        stddev_pop(cast(row_count as double)) over earlier_runs as deviation
    from runs
    where state in ('completed', 'completed_with_rejects')
    window earlier_runs as (
        partition by sync_name order by started_at, run_id
        rows between 30 preceding and 1 preceding
    )
),

scored as (
    select
        runs.*,
        case
            when usual_sizes.run_count >= 3
                then round((runs.row_count - usual_sizes.mean_count) / nullif(usual_sizes.deviation, 0), 4)
        end as z_score
    from runs
    left join usual_sizes on runs.run_id = usual_sizes.run_id
)

select
    scored.run_id,
    scored.as_of_on as date_key,
    scored.sync_name,
    dim_segment.segment_id,
    scored.destination_id,
    scored.started_at,
    scored.ended_at,
    scored.state as outcome,
    scored.call_count,
    {{ unless_small('scored.row_count') }} as row_count,
    {{ unless_small('scored.insert_count') }} as insert_count,
    {{ unless_small('scored.update_count') }} as update_count,
    {{ unless_small('scored.unchanged_count') }} as unchanged_count,
    {{ unless_small('scored.retry_count') }} as retry_count,
    {{ unless_small('scored.delete_count') }} as delete_count,
    {{ unless_small('scored.invalid_count') }} as invalid_count,
    {{ unless_small('scored.suppressed_count') }} as suppressed_count,
    {{ unless_small('scored.accepted_count') }} as accepted_count,
    {{ unless_small('scored.rejected_count') }} as rejected_count,
    {{ unless_small('scored.unknown_count') }} as unknown_count,
    {{ unless_small('scored.activated_count') }} as activated_count,
    {{ unless_small('scored.activated_count', 'round(scored.activation_hours, 2)', 'double') }}
        as activation_hours,
    {{ unless_small('scored.row_count', 'scored.z_score', 'double') }} as z_score
from scored
inner join {{ ref('dim_segment') }} as dim_segment
    on scored.segment_name = dim_segment.segment_name
