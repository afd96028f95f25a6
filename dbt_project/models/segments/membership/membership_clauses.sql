{{ config(materialized='view') }}

with

clauses as (
    select
        segment_name,
        clauses_checksum,
        clause_number,
        clause,
        cast(1 as bigint) << clause_number as bit
    from {{ source('ingest', 'segment_clauses') }}
),

explained as (
    select *
    from {{ source('ingest', 'membership_reasons') }}
),

told as (
    select
        explained.profile_id,
        explained.segment_name,
        explained.changed_on,
        clauses.clause_number,
        clauses.clause,
        explained.states_before & clauses.bit <> 0 as was_true,
        explained.states_now & clauses.bit <> 0 as is_true,
        explained.deciding_alone & clauses.bit <> 0 as decides_alone,
        explained.deciding_alone = 0 and explained.deciding_together & clauses.bit <> 0
            as decides_together
    from explained
    inner join clauses
        on
            explained.segment_name = clauses.segment_name
            and explained.clauses_checksum = clauses.clauses_checksum
)

select
    profile_id,
    segment_name,
    changed_on,
    clause_number,
    clause,
    was_true,
    is_true,
    case
        when decides_alone then 'decides'
        when decides_together then 'decides_together'
        when was_true <> is_true then 'changed'
        when was_true = is_true then 'unchanged'
    end as part_played
from told
