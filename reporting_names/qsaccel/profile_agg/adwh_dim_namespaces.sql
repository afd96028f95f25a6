-- One row per identity namespace and merge policy.
select
    dim_namespace.namespace_id,
    dim_namespace.namespace as namespace_description,
    dim_merge_policy.merge_policy_id
from main.dim_namespace
cross join main.dim_merge_policy
