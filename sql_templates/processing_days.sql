-- title: Days in the model
-- question: Which days does the model hold, and which refresh found what it says of them?
-- grain: One row per day and merge policy, the latest first.
-- chart: a table.
select
    processing_log.processed_on,
    replace(dim_merge_policy.merge_policy_name, '_', ' ') as merge_policy_label,
    lower(processing_log.process_status) as status_label,
    processing_log.recorded_on
from insights.processing_log
inner join insights.dim_merge_policy
    on processing_log.merge_policy_id = dim_merge_policy.merge_policy_id
order by processing_log.processed_on desc, merge_policy_label asc
