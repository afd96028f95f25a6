{{ config(
    materialized='lasting_dimension', key=['segment_id'], when_gone={'life_cycle_state': "'removed'"}
) }}

with

definitions as (
    select
        segment_name,
        segment_id,
        title,
        description,
        purpose,
        owner,
        state as life_cycle_state
    from {{ ref('definitions') }}
    where state <> 'draft'
)

select
    segment_name,
    segment_id,
    title,
    description,
    purpose,
    owner,
    life_cycle_state
from definitions
