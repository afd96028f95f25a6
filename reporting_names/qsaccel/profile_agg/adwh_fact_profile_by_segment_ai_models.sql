-- Members by model, merge policy, segment, day of scoring and score, 0 to 100.
select
    model_id,
    merge_policy_id,
    segment_id,
    score,
    score_on as score_date,
    profile_count as count_of_profiles
from main.fact_model_score_by_segment
