select
    cast(null as integer) as model_id,
    cast(null as integer) as merge_policy_id,
    cast(null as int) as score,
    cast(null as date) as score_on,
    cast(null as bigint) as profile_count
where false
