with

typed as (
    select
        'loyalty' as source_system,
        nullif(trim(tier), '') as loyalty_tier,
        try_cast(tier_rank as int) as tier_rank,
        try_cast(threshold_points as bigint) as threshold_points,
        source_file
    from {{ source('loyalty', 'tiers') }}
),

checked as (
    select
        *,
        case when loyalty_tier is null then 'missing_key' end as fault
    from typed
),

judged as (
    {{ judge_versions('checked', key=['loyalty_tier'], newest_by='source_file') }}
)

select
    source_system,
    loyalty_tier,
    tier_rank,
    threshold_points,
    source_file,
    reject_reason
from judged
