-- title: Score summary of a segment
-- question: How many people of a segment have a low, a medium and a high score?
-- grain: One row per segment, model and level, the lowest first.
-- note: Low is below 25, high is 75 and more. Scores are those of the model's latest day.
-- chart: columns of profile_count by level.
-- parameters:
--   merge_policy: {type: text, options: merge_policies, about: The merge policy; the default one when unset.}
--   model: {type: text, options: models, about: The model; every model when unset.}
--   segment: {type: text, options: segments, about: The segment; every segment when unset.}
with

policy as (
    select merge_policy_id
    from insights.dim_merge_policy
    where
        merge_policy_name = getvariable('merge_policy')
        or (getvariable('merge_policy') is null and is_default)
),

latest as (
    select
        fact_model_score_by_segment.model_id,
        fact_model_score_by_segment.merge_policy_id,
        max(fact_model_score_by_segment.score_on) as score_on
    from insights.fact_model_score_by_segment
    inner join policy on fact_model_score_by_segment.merge_policy_id = policy.merge_policy_id
    group by fact_model_score_by_segment.model_id, fact_model_score_by_segment.merge_policy_id
),

scores as (
    select
        dim_model.model_name,
        dim_segment.title,
        fact_model_score_by_segment.profile_count,
        case
            when fact_model_score_by_segment.score < 25 then 1
            when fact_model_score_by_segment.score < 75 then 2
            else 3
        end as place
    from insights.fact_model_score_by_segment
    inner join latest
        on
            fact_model_score_by_segment.model_id = latest.model_id
            and fact_model_score_by_segment.merge_policy_id = latest.merge_policy_id
            and fact_model_score_by_segment.score_on = latest.score_on
    inner join insights.dim_model on fact_model_score_by_segment.model_id = dim_model.model_id
    inner join insights.dim_segment
        on fact_model_score_by_segment.segment_id = dim_segment.segment_id
    where
        dim_model.model_name = coalesce(getvariable('model'), dim_model.model_name)
        and dim_segment.segment_name = coalesce(getvariable('segment'), dim_segment.segment_name)
)

select
    title,
    model_name,
    case place when 1 then 'low' when 2 then 'medium' else 'high' end as score_level,
    cast(sum(profile_count) as bigint) as profile_count
from scores
group by title, model_name, place
order by title asc, model_name asc, place asc
