with

untouched as (
    select components.*
    from {{ ref('candidate_components') }} as components
    left join {{ ref('broken_components') }} as broken
        on broken.component_id = components.component_id
    where broken.component_id is null
)

select
    node_id,
    component_id
from untouched
union all
select
    node_id,
    component_id
from {{ ref('replayed_components') }}
