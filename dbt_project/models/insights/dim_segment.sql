with

definitions as (
    select
        segment_name,
        title,
        description,
        owner
    from {{ ref('definitions') }}
)

select
    segment_name,
    title,
    description,
    owner
from definitions
