-- People by model, merge policy, day of scoring and score, 0 to 100.
select
    model_id,
    merge_policy_id,
    score,
    score_on as score_date,
    profile_count as count_of_profiles
from main.fact_model_score
