-- One row per predictive model and merge policy.
select
    model_id,
    model_name,
    model_type,
    merge_policy_id
from main.dim_model
