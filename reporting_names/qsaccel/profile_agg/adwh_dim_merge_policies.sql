-- One row per merge policy. merge_policy and dataset_id stand where the reference has GUIDs of its
-- own: texts that follow from the name, so they stay.
select
    merge_policy_id,
    merge_policy_name,
    cast(cast(md5('merge_policy/' || merge_policy_name) as uuid) as varchar) as merge_policy,
    cast(cast(md5('dataset/' || merge_policy_name) as uuid) as varchar) as dataset_id
from main.dim_merge_policy
