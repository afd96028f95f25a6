{{ config(materialized='lasting_dimension', key=['overlap_id', 'namespace_id', 'merge_policy_id']) }}

with

kept as (
    select
        stitching,
        namespaces,
        overlap_id
    from ({{ namespace_overlaps() }}) as combinations
    where overlap_id <> 0
)

select
    said.overlap_id,
    {{ id_of('said.word') }} as namespace_id,
    {{ id_of('merge_policies.policy') }} as merge_policy_id
from {{ words_with_positions('kept', 'stitching, overlap_id', 'namespaces') }} as said
inner join {{ ref('merge_policies') }} as merge_policies
    on merge_policies.stitching = said.stitching
