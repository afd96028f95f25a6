-- When the facts were made: FACT_TABLES_PROCESSING is SUCCESSFUL for every day that a refresh ended on.
select
    process_name,
    process_status,
    processed_on as process_date,
    merge_policy_id
from main.processing_log
