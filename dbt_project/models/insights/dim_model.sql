select
    cast(null as integer) as model_id,
    cast(null as string) as model_name,
    cast(null as string) as model_type,
    cast(null as integer) as merge_policy_id
where false
