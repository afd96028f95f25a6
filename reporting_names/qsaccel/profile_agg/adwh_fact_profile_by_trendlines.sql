-- People by day and merge policy: the trend.
select
    date_key,
    merge_policy_id,
    profile_count as count_of_profiles
from main.fact_profile
