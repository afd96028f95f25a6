-- One row per namespace in a combination of namespaces, and merge policy.
select
    dim_namespace_overlap.overlap_id,
    dim_namespace.namespace as overlap_namespaces,
    dim_namespace_overlap.merge_policy_id
from main.dim_namespace_overlap
inner join main.dim_namespace
    on dim_namespace_overlap.namespace_id = dim_namespace.namespace_id
