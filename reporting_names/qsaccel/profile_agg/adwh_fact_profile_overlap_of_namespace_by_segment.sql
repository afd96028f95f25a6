-- Members by day, merge policy, segment and the combination of namespaces that they have.
select
    date_key,
    merge_policy_id,
    segment_id,
    overlap_id,
    profile_count as count_of_profiles
from main.fact_namespace_overlap_by_segment
