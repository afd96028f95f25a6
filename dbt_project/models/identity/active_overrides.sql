{{ config(materialized='incremental', unique_key=['record_key_a', 'record_key_b']) }}

with

overrides as (
    select
        decision,
        source_system_a || ':' || source_record_id_a as key_1,
        source_system_b || ':' || source_record_id_b as key_2,
        author,
        reason,
        valid_from
    from {{ ref('identity_overrides') }}
    where
        (valid_from is null or valid_from <= {{ today() }})
        and (valid_to is null or valid_to > {{ today() }})
)

-- A pair that is listed twice counts once, as the later row has it.
select
    least(key_1, key_2) as record_key_a,
    greatest(key_1, key_2) as record_key_b,
    decision,
    author,
    reason,
    valid_from
from overrides
qualify
    row_number() over (
        partition by least(key_1, key_2), greatest(key_1, key_2)
        order by valid_from desc nulls last, decision asc, author asc, reason asc
    ) = 1
