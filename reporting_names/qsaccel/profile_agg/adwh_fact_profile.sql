-- People by day and merge policy; an orphan is in no segment.
select
    date_key,
    merge_policy_id,
    profile_count as count_of_profiles,
    single_identity_profile_count as count_of_Single_Identity_profiles,  -- noqa: CP02
    unsegmented_profile_count as count_of_Orphan_profiles  -- noqa: CP02
from main.fact_profile
