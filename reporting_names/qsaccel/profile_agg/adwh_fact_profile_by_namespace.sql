-- People by day, merge policy and namespace they have an identity of; a person counts in each.
select
    date_key,
    merge_policy_id,
    namespace_id,
    profile_count as count_of_profiles,
    single_identity_profile_count as count_of_Single_Identity_profiles  -- noqa: CP02
from main.fact_profile_by_namespace
