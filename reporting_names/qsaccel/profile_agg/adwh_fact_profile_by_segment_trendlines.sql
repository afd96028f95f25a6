-- Members by day, merge policy and segment.
select
    date_key,
    merge_policy_id,
    segment_id,
    profile_count as count_of_profiles
from main.fact_segment
