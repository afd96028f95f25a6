with

segment_definitions as (
    select
        segment_name,
        title,
        description,
        owner
    from {{ ref('segment_definitions') }}
)

select
    segment_name,
    title,
    description,
    owner
from segment_definitions
