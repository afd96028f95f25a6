select
    cast(null as string) as record_key_a,
    cast(null as string) as record_key_b,
    cast(null as double) as match_probability,
    cast(null as double) as match_weight,
    cast(null as string) as decision,
    cast(null as string) as model_version,
    cast(null as string) as comparison_levels
where false
