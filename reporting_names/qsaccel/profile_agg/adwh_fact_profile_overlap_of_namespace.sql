-- People by day, merge policy and the combination of namespaces that they have, no more, no less.
select
    date_key,
    merge_policy_id,
    overlap_id,
    profile_count as count_of_profiles
from main.fact_namespace_overlap
