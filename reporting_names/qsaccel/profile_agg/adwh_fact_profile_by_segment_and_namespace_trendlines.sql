-- Members by day, merge policy, segment and namespace they have an identity of.
select
    date_key,
    merge_policy_id,
    segment_id,
    namespace_id,
    profile_count as count_of_profiles
from main.fact_segment_by_namespace
