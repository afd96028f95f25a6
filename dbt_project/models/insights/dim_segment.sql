with

definitions as (
    select
        segment_name,
        segment_id,
        title,
        description,
        purpose,
        owner,
        state
    from {{ ref('definitions') }}
)

select
    segment_name,
    segment_id,
    title,
    description,
    purpose,
    owner,
    state
from definitions
