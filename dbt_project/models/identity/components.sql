{{ config(materialized='incremental', unique_key=['node_id']) }}

with

{% call reached() %}
    select node_id from {{ changed('candidate_components') }}
    union all
    select node_id from {{ changed('replayed_components') }}
    union all
    select components.node_id
    from {{ ref('candidate_components') }} as components
    semi join {{ changed('broken_components') }} using (component_id)
{% endcall %}

untouched as (
    select components.*
    from {{ part(ref('candidate_components'), ['node_id']) }} as components
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
from {{ part(ref('replayed_components'), ['node_id']) }}
